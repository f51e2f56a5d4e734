#include <rill/net/detail/parked_stream.hpp>
#include <rill/sse/detail/layout.hpp>

#include <fmt/format.h>

#include <exception>
#include <string_view>

namespace rill::detail {

void parked_stream::begin() {
    if (host_.backlog() > 0) {
        host_.write(empty_comment); // what is due follows behind the backlog
    } else {
        feed::batch due;
        if (!send(due)) return;
        // Some proxies and clients wait for the first byte of the body.
        if (due.empty()) host_.write(empty_comment);
    }
    wrote();
    if (host_.home().draining()) on_drain(); // too late for the round that draining made
}

void parked_stream::on_news(feed::batch& scratch) {
    static_cast<void>(send(scratch));
}

void parked_stream::on_drained() {
    wrote();
    feed::batch due;
    static_cast<void>(send(due));
}

/// False if the stream is over now. While there is a backlog, the news can only be that it is.
bool parked_stream::send(feed::batch& due) {
    auto& home = host_.home();
    try {
        switch (what_.source().take(home.common().bounds.write_buffer, due)) {
        case feed::state::ended: host_.end(); return false;
        case feed::state::cut: host_.cut(feed::why_cut); return false;
        case feed::state::none: due.clear(); break;
        case feed::state::some:
            host_.write({}, due.pieces());
            silence_.broken(home.timers().now());
            break;
        }
        if (host_.backlog() == 0)
            what_.source().wait(*this, home.executor());
        else
            what_.source().pause(*this, home.executor());
        return true;
    } catch (const std::exception& e) {
        fail(e.what());
    } catch (...) {
        fail("an exception that is no std::exception");
    }
    return false;
}

void parked_stream::fail(std::string_view what) {
    if (silence_.unbroken()) host_.write(empty_comment); // the head at least
    host_.home().log(log_level::error, fmt::format("{}: the stream failed: {}", route_.path.text(), what));
    host_.abort();
}

void parked_stream::wrote() {
    silence_.broken(host_.home().timers().now());
    await_silence();
}

void parked_stream::await_silence() {
    auto& home = host_.home();
    host_.call_after(silence_.rest(home.timers().now(), route_.options.keep_alive, home.common().bounds));
}

void parked_stream::on_timer() {
    const auto interval = route_.options.keep_alive;
    host_.check_client();
    if (const auto now = host_.home().timers().now(); silence_.comment_due(now, interval)) {
        host_.write(route_.keep_alive_frame);
        silence_.commented(now, interval, host_.may_be_proxy());
    }
    await_silence();
}

void parked_stream::on_drain() {
    if (route_.options.drain == drain::let_finish) return;
    host_.end_for_drain();
}

} // namespace rill::detail
