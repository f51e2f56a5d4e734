#include "run.hpp"

#include <rill/coro/sleep.hpp>

#include "completion.hpp"
#include "refusal.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>

#include <exception>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

using namespace std::chrono_literals;

namespace llm {
namespace {

using nlohmann::ordered_json;

std::string done(std::string_view finish_reason, const usage& used) {
    ordered_json told{{"finish_reason", finish_reason}};
    told["usage"] = counts(used);
    return told.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string error(const refusal& why) {
    ordered_json told{{"status", static_cast<unsigned>(why.status())}};
    told["error"] = why.error();
    return told.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

} // namespace

run::run(asio::any_io_executor home)
    : home_{std::move(home)},
      topic_{{.keep_events = most_pieces + 2, .keep_bytes = std::size_t{16} << 20}},
      left_at_{rill::clock::now()} {}

void run::begin(std::unique_ptr<generation> from, std::optional<std::chrono::milliseconds> grace) {
    asio::co_spawn(home_, generate(shared_from_this(), std::move(from)),
                   asio::bind_cancellation_slot(cancelled_.slot(),
                                                [self = shared_from_this()](const std::exception_ptr&) {}));
    if (grace) asio::co_spawn(home_, watch(shared_from_this(), *grace), asio::detached);
}

rill::response run::listen(const rill::request& request) {
    {
        const std::lock_guard lock{mutex_};
        if (!last_id_.empty() && request.last_event_id() == last_id_) return rill::status::no_content;
    }
    return events(shared_from_this(), topic_.subscribe(request, {.start = rill::start::earliest}));
}

rill::event_stream run::events(std::shared_ptr<run> of, rill::subscription from) {
    const seat taken{std::move(of)};
    co_yield {.retry = 1s};
    co_yield rill::elements_of(std::move(from));
}

void run::stop() {
    asio::post(home_,
               [self = shared_from_this()] { self->cancelled_.emit(asio::cancellation_type::terminal); });
}

std::optional<rill::time_point> run::ended_at() const {
    const std::lock_guard lock{mutex_};
    return ended_at_;
}

std::size_t run::listeners() const {
    const std::lock_guard lock{mutex_};
    return seats_;
}

rill::task<void> run::generate(std::shared_ptr<run> into, std::unique_ptr<generation> from) {
    try {
        std::size_t pieces = 0;
        std::size_t bytes = 0;
        while (const auto text = co_await from->next()) {
            into->topic_.publish({.name = "token", .data = *text});
            bytes += text->size();
            if (++pieces < most_pieces && bytes < most_bytes) continue;
            into->end("done", done("length", from->used()));
            co_return;
        }
        into->end("done", done(from->finish_reason(), from->used()));
    } catch (const refusal& why) {
        into->end("failed", error(why));
    } catch (const std::system_error& why) {
        if (why.code() == asio::error::operation_aborted)
            into->end("done", done("cancelled", from->used()));
        else
            into->end("failed", error({rill::status::internal_server_error, why.what()}));
    } catch (const std::exception& why) {
        into->end("failed", error({rill::status::internal_server_error, why.what()}));
    }
}

/// It looks when the last listener can have been away for so long, and no sooner.
rill::task<void> run::watch(std::shared_ptr<run> over, std::chrono::milliseconds grace) {
    for (;;) {
        const auto left = over->patience(grace);
        if (left && *left <= left->zero()) break;
        co_await rill::sleep_for(left.value_or(grace));
        if (over->ended_at()) co_return;
    }
    over->cancelled_.emit(asio::cancellation_type::terminal);
}

std::optional<rill::duration> run::patience(std::chrono::milliseconds grace) const {
    const std::lock_guard lock{mutex_};
    if (seats_ > 0) return std::nullopt;
    return left_at_ + grace - rill::clock::now();
}

void run::end(std::string_view event, const std::string& data) {
    auto id = topic_.publish({.name = event, .data = data});
    topic_.close();
    const std::lock_guard lock{mutex_};
    ended_at_ = rill::clock::now();
    last_id_ = std::move(id);
}

run::seat::seat(std::shared_ptr<run> at) : at_{std::move(at)} {
    const std::lock_guard lock{at_->mutex_};
    ++at_->seats_;
}

run::seat::~seat() {
    const std::lock_guard lock{at_->mutex_};
    if (--at_->seats_ == 0) at_->left_at_ = rill::clock::now();
}

} // namespace llm
