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

constexpr unsigned most_redirects = 3;

rill::client_options client_options_for(const upstream_options& options) {
    // An answer that is not a stream begins when all of it is there. Redirects are followed here.
    return {.first_byte_timeout = 10min, .max_redirects = 0, .ca_file = options.ca_file};
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

bool is_redirect(rill::status code) noexcept {
    using enum rill::status;
    return code == moved_permanently || code == found || code == see_other || code == temporary_redirect ||
           code == permanent_redirect;
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
        for (unsigned redirects = 0; redirects <= most_redirects; ++redirects) {
            auto sent = request;
            auto answer = co_await client_.send(std::move(sent));
            if (!is_redirect(answer.status())) co_return answer;
            const auto to = redirected(answer);
            rill::client_request next{request.method(), to};
            for (const auto& [name, value] : request.fields()) next.set(name, value);
            if (request.has_body()) next.body(request.body(), {});
            request = std::move(next);
        }
    } catch (const rill::error& why) {
        throw refusal{rill::status::bad_gateway, secrets_.hidden(why.what()), {}, "upstream_unreachable"};
    }
    throw refusal{rill::status::bad_gateway, "the server upstream redirects too often"};
}

/// What a client asks may go to another place only if the one who runs this program says so.
std::string upstream::redirected(const rill::client_response& answer) const {
    const auto here = rill::url::parse(answer.url());
    const auto location = answer.fields().find("Location");
    const auto to = here && location ? here->resolve(*location) : std::nullopt;
    if (!to) throw refusal{rill::status::bad_gateway, "the server upstream redirects to nowhere"};
    // 303 wants a GET of something else.
    const bool follows = to->origin() == here->origin() && answer.status() != rill::status::see_other;
    if (!follows)
        throw refusal{
            rill::status::bad_gateway,
            fmt::format("the server upstream redirects to {}, which is not followed", to->origin())};
    return address_.of_target(to->target());
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
    if (!is_final(code))
        throw refusal{rill::status::bad_gateway,
                      fmt::format("the server upstream answered {}", static_cast<unsigned>(code))};
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
