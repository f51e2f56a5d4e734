#include "upstream.hpp"

#include <rill/base/error.hpp>
#include <rill/coro/event_stream.hpp>

#include "passed_fields.hpp"
#include "refusal.hpp"
#include "upstream_generation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

using namespace std::chrono_literals;

namespace llm {
namespace {

rill::client_options client_options_for(const upstream_options& options) {
    // An answer that is not a stream begins when all of it is there.
    return {.first_byte_timeout = 10min, .redirects_across_origins = false, .ca_file = options.ca_file};
}

std::string percent_encoded(std::string_view path) {
    std::string out;
    for (const char c : path)
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            std::string_view{"-._~/:@"}.find(c) != std::string_view::npos)
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return out;
}

/// Whether an answer to a request of ours may have this status: success or failure.
bool is_final(rill::status code) noexcept {
    return code < rill::status::multiple_choices || code >= rill::status::bad_request;
}

/// The id, if there is one; one with a control character in it, which no client could send back, is dropped.
std::string_view sendable(std::string_view id) noexcept {
    const bool fits = std::ranges::none_of(id, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    return fits && !id.empty() ? id : std::string_view{};
}

/// The events of upstream as they are. What breaks in the middle is told as the API tells it: the head has
/// gone out, so that no status can. `counts` and `hide` must outlive the stream.
rill::event_stream events_of(rill::client_response from, statistics& counts, const secrets& hide) {
    statistics::generation counted{counts};
    std::string broken;
    try {
        while (const auto* message = co_await from.next()) {
            counted.piece();
            const auto data = hide.hidden_in_event(message->data);
            const auto id = sendable(message->last_event_id);
            const auto name = message->type == "message" ? std::string_view{} : message->type;
            co_yield {.id = id, .name = name, .data = data};
        }
        counted.finish();
    } catch (const rill::error& why) {
        broken = refusal{rill::status::bad_gateway, hide.hidden(why.what())}.body();
    }
    if (!broken.empty()) co_yield {.data = broken};
}

} // namespace

upstream::upstream(upstream_options options, statistics& counts)
    : model_{options.model},
      address_{options.url},
      secrets_{options.key, address_.base()},
      client_{address_.of("/"), client_options_for(options)},
      counts_{counts},
      about_{fmt::format("Answers come from {}.", address_.base().authority())} {
    if (!options.key.empty()) client_.set("Authorization", fmt::format("Bearer {}", options.key));
}

rill::task<rill::client_response> upstream::ask(rill::client_request request) {
    try {
        auto answer = co_await client_.send(std::move(request));
        const auto code = answer.status();
        if (is_final(code)) co_return answer;
        throw refusal{rill::status::bad_gateway,
                      fmt::format("the server upstream answered {}{}", static_cast<unsigned>(code),
                                  answer.fields().contains("Location")
                                      ? ", a redirect to another origin, which is not followed"
                                      : "")};
    } catch (const rill::error& why) {
        throw refusal{rill::status::bad_gateway, secrets_.hidden(why.what()), {}, "upstream_unreachable"};
    }
}

rill::task<rill::client_response> upstream::ask_to_complete(upstream_request wanted) {
    rill::client_request request{rill::method::post, address_.of("/chat/completions")};
    request.set("Accept", wanted.streams ? "text/event-stream" : "application/json");
    request.body(std::move(wanted.body), "application/json");
    co_return co_await ask(std::move(request));
}

/// It may quote what it was sent.
rill::task<std::string> upstream::body_of(rill::client_response& answer) {
    auto body = co_await answer.bytes();
    co_return secrets_.hidden(std::move(body));
}

rill::task<rill::response> upstream::pass_on(rill::client_response answer) {
    const auto code = answer.status();
    rill::response passed{code};
    try {
        auto body = co_await body_of(answer);
        if (const auto type = answer.fields().find("Content-Type")) passed.set("Content-Type", *type);
        passed.body() = std::move(body);
    } catch (const rill::error& why) {
        passed = unreadable(code, why).answer();
    }
    pass_fields(answer.fields(), passed.fields(), secrets_);
    co_return passed;
}

/// A failure is one of the same kind if its words cannot be read.
refusal upstream::unreadable(rill::status code, const rill::error& why) const {
    const bool failed = code >= rill::status::bad_request;
    return {failed ? code : rill::status::bad_gateway,
            fmt::format("the server upstream answered {}, and {}", static_cast<unsigned>(code),
                        secrets_.hidden(why.what()))};
}

rill::task<rill::response> upstream::models(std::string id) {
    auto path = std::string{"/models"};
    if (!id.empty()) path += '/' + percent_encoded(id);
    rill::client_request request{rill::method::get, address_.of(path)};
    request.set("Accept", "application/json");
    auto answer = co_await ask(std::move(request));
    co_return co_await pass_on(std::move(answer));
}

rill::task<rill::response> upstream::complete(std::string body) {
    auto wanted = relayed(std::move(body), model_);
    auto answer = co_await ask_to_complete(std::move(wanted));
    if (!answer.is_event_stream()) co_return co_await pass_on(std::move(answer));
    const auto code = answer.status();
    const auto fields = answer.fields();
    auto events = events_of(std::move(answer), counts_, secrets_);
    rill::response passed{std::move(events)};
    passed.head().status = code;
    pass_fields(fields, passed.fields(), secrets_);
    co_return passed;
}

std::unique_ptr<generation> upstream::generate(const std::string& body) {
    return std::make_unique<upstream_generation>(*this, streamed(body, model_));
}

} // namespace llm
