#include "contract/instance.hpp"

#include <rill/client/error.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace contract {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

/// A member that may be missing; null counts as that.
template <typename T>
std::optional<T> member(const json& from, const char* name) {
    const auto found = from.find(name);
    if (found == from.end() || found->is_null()) return std::nullopt;
    return found->get<T>();
}

std::string text(const json& from, const char* name) {
    auto value = member<std::string>(from, name);
    if (!value || value->empty()) throw std::invalid_argument{fmt::format("'{}' is missing", name)};
    return *std::move(value);
}

std::optional<milliseconds> time(const json& from, const char* name) {
    const auto number = member<std::int64_t>(from, name);
    if (!number) return std::nullopt;
    if (*number < 0) throw std::invalid_argument{fmt::format("'{}' is less than zero", name)};
    return milliseconds{*number};
}

rill::client_request request_of(const json& from) {
    const auto name = member<std::string>(from, "method").value_or("GET");
    const auto verb = rill::parse_method(name);
    if (!verb) throw std::invalid_argument{fmt::format("the method '{}' is not known", name)};
    rill::client_request request{*verb, text(from, "streamUrl")};
    if (const auto fields = member<std::map<std::string, std::string>>(from, "headers"))
        for (const auto& [field, value] : *fields) request.set(field, value);
    if (auto body = member<std::string>(from, "body"))
        request.body(*std::move(body), request.fields().contains("Content-Type") ? "" : "text/plain");
    return request;
}

/// Whether a stream that was open is gone, which is what reconnecting is for.
bool is_drop(const std::error_code& code) {
    return code == asio::error::eof || code == rill::client_errc::truncated ||
           code == std::errc::connection_reset;
}

} // namespace

wishes::wishes(const json& from)
    : request{request_of(from)},
      callback_url{text(from, "callbackUrl")},
      last_event_id{member<std::string>(from, "lastEventId").value_or("")} {
    if (const auto delay = time(from, "initialDelayMs")) source.retry = *delay;
    if (const auto patience = time(from, "readTimeoutMs"))
        client.idle_timeout = client.first_byte_timeout = *patience;
}

instance::instance(asio::io_context& loop, rill::http_client& callbacks, const wishes& what)
    : loop_{loop},
      callbacks_{callbacks},
      callback_url_{what.callback_url},
      client_{{}, what.client},
      source_{client_,
              what.request,
              {.last_event_id = what.last_event_id,
               .retry = what.source.retry,
               .max_retry = what.source.max_retry,
               .retry_post = true, // a suite's server counts on it
               .observer = this}},
      news_{loop, asio::steady_timer::time_point::max()} {}

void instance::start() {
    asio::post(loop_, [self = shared_from_this()] {
        asio::co_spawn(self->loop_, self->follow(), [self](const std::exception_ptr&) {});
        asio::co_spawn(self->loop_, self->report(), [self](const std::exception_ptr&) {});
    });
}

void instance::restart() {
    asio::post(loop_, [self = shared_from_this()] { self->source_.restart(); });
}

void instance::stop() {
    asio::post(loop_, [self = shared_from_this()] {
        self->stopped_ = true;
        self->source_.close();
        self->news_.cancel();
    });
}

rill::task<void> instance::follow() {
    try {
        for (;;) {
            const auto* const message = co_await source_.next();
            if (message == nullptr) break;
            json event{{"type", message->type}, {"data", message->data}};
            if (!message->last_event_id.empty()) event["id"] = message->last_event_id;
            tell({{"kind", "event"}, {"event", std::move(event)}});
        }
    } catch (const rill::error&) {
    } // it was told
}

void instance::on_comment(std::string_view comment) {
    tell({{"kind", "comment"}, {"comment", comment}});
}

void instance::on_error(const rill::error& error, std::optional<milliseconds> wait) {
    if (wait && is_drop(error.code())) return;
    tell({{"kind", "error"}, {"comment", error.what()}});
}

void instance::tell(const json& what) {
    untold_.push_back(what.dump(-1, ' ', false, json::error_handler_t::replace));
    news_.cancel();
}

/// Posts one after the other, so that they arrive in their order.
rill::task<void> instance::report() {
    while (!stopped_) {
        if (untold_.empty()) {
            asio::error_code cancelled;
            co_await news_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
            continue;
        }
        auto what = std::move(untold_.front());
        untold_.pop_front();
        const auto url = fmt::format("{}/{}", callback_url_, ++told_);
        try {
            auto answer = co_await callbacks_.post(url, std::move(what));
            (void)co_await answer.bytes();
        } catch (const rill::error& e) {
            fmt::print(stderr, "contract_service: {}\n", e.what());
        }
    }
}

std::string instances::add(std::shared_ptr<instance> made) {
    const std::lock_guard lock{mutex_};
    auto number = std::to_string(++last_);
    all_.emplace(number, std::move(made));
    return number;
}

std::shared_ptr<instance> instances::find(const std::string& number) {
    const std::lock_guard lock{mutex_};
    const auto found = all_.find(number);
    return found != all_.end() ? found->second : nullptr;
}

std::shared_ptr<instance> instances::take(const std::string& number) {
    const std::lock_guard lock{mutex_};
    const auto found = all_.find(number);
    if (found == all_.end()) return nullptr;
    auto taken = std::move(found->second);
    all_.erase(found);
    return taken;
}

} // namespace contract
