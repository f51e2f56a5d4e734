#include <rill/net/detail/relay.hpp>
#include <rill/sse/detail/layout.hpp>

namespace rill::detail {

bool relay::begin(std::string_view front, bool opens) {
    auto& to = keep_alive_.to();
    if (to.backlog() > 0) { // what the handler wrote before is to be taken first
        if (!front.empty()) to.write(front);
        return true;
    }
    feed::batch due;
    auto state = feed::state::none;
    std::exception_ptr failure;
    try {
        state = take(due);
    } catch (...) { // what the handler wrote goes out all the same
        failure = std::current_exception();
    }
    to.write(front.empty() && due.empty() && opens ? empty_comment : front, due.pieces());
    keep_alive_.wrote();
    if (failure) std::rethrow_exception(failure);
    if (state == feed::state::ended) return false;
    if (state != feed::state::cut) wait();
    return true;
}

feed::state relay::take(feed::batch& due) {
    const auto state = what_.source().take(keep_alive_.home().common().bounds.write_buffer, due);
    if (state != feed::state::some) due.clear();
    if (state == feed::state::cut) keep_alive_.to().cut(feed::why_cut);
    return state;
}

/// For news, or for the client to take what is written.
void relay::wait() {
    const auto& executor = keep_alive_.home().executor();
    if (keep_alive_.to().backlog() == 0)
        what_.source().wait(*this, executor);
    else
        what_.source().pause(*this, executor);
}

/// While there is a backlog, the news can only be that this is the end.
void relay::send(feed::batch& scratch) {
    std::exception_ptr failure;
    try {
        switch (take(scratch)) {
        case feed::state::some:
            keep_alive_.to().write({}, scratch.pieces());
            keep_alive_.wrote();
            [[fallthrough]];
        case feed::state::none: wait(); return;
        case feed::state::cut: return; // the handler is told that its client has gone
        case feed::state::ended: break;
        }
    } catch (...) {
        failure = std::current_exception();
    }
    whom_.on_relayed(failure);
}

void relay::on_drained() {
    feed::batch due;
    send(due);
}

} // namespace rill::detail
