#include "upstream.hpp"

#include <rill/base/error.hpp>
#include <rill/coro/event_stream.hpp>

#include "refusal.hpp"
#include "upstream_generation.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

using namespace std::chrono_literals;

namespace llm {
namespace {

rill::client_options client_options_for(const upstream_options& options) {
    // An answer that is no stream begins when all of it is there.
    return {.first_byte_timeout = 10min, .ca_file = options.ca_file};
}

upstream_options without_slash(upstream_options options) {
    while (options.url.ends_with('/')) options.url.pop_back();
    return options;
}

std::string_view host_in(std::string_view url) {
    if (const auto scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
    url = url.substr(0, url.find('/'));
    return url.substr(url.rfind('@') + 1);
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

/// `body` with the model's name in it, unless it names one, or is nothing that could.
std::string with_model(std::string body, std::string_view model) {
    if (model.empty()) return body;
    auto given = nlohmann::ordered_json::parse(body, nullptr, false);
    if (!given.is_object() || given.contains("model")) return body;
    given["model"] = model;
    return given.dump();
}

/// The events of upstream as they are. What breaks in the middle is told as the API tells it: the head has
/// gone out, so that no status can.
rill::event_stream events_of(rill::client_response from, statistics& counts) {
    statistics::generation counted{counts};
    std::string broken;
    try {
        while (const auto* message = co_await from.next()) {
            counted.piece();
            const auto id = message->last_event_id.empty() ? std::string_view{} : message->last_event_id;
            const auto name = message->type == "message" ? std::string_view{} : message->type;
            co_yield {.id = id, .name = name, .data = message->data};
        }
        counted.finish();
    } catch (const rill::error& why) {
        broken = refusal{rill::status::bad_gateway, why.what()}.body();
    }
    if (!broken.empty()) co_yield {.data = broken};
}

} // namespace

upstream::upstream(upstream_options options, statistics& counts)
    : options_{without_slash(std::move(options))},
      client_{options_.url, client_options_for(options_)},
      counts_{counts},
      about_{fmt::format("Answers come from {}.", host_in(options_.url))} {
    if (!options_.key.empty()) client_.set("Authorization", fmt::format("Bearer {}", options_.key));
}

rill::task<rill::client_response> upstream::ask(rill::client_request request) {
    try {
        co_return co_await client_.send(std::move(request));
    } catch (const rill::error& why) {
        throw refusal{rill::status::bad_gateway, why.what(), {}, "upstream_unreachable"};
    }
}

rill::task<rill::client_response> upstream::ask_to_complete(std::string body) {
    rill::client_request request{rill::method::post, options_.url + "/chat/completions"};
    request.body(std::move(body), "application/json");
    co_return co_await ask(std::move(request));
}

/// It may quote what it was sent.
rill::task<std::string> upstream::body_of(rill::client_response& answer) {
    auto body = co_await answer.bytes();
    if (options_.key.empty()) co_return body;
    for (auto at = body.find(options_.key); at != body.npos; at = body.find(options_.key, at))
        body.replace(at, options_.key.size(), "***");
    co_return body;
}

rill::task<rill::response> upstream::pass_on(rill::client_response answer) {
    try {
        auto body = co_await body_of(answer);
        const auto type = answer.fields().find("Content-Type").value_or("application/json");
        auto passed = rill::response::bytes(std::move(body), type);
        passed.head().status = answer.status();
        if (const auto later = answer.fields().find("Retry-After")) passed.set("Retry-After", *later);
        co_return passed;
    } catch (const rill::error& why) {
        throw refusal{rill::status::bad_gateway, why.what()};
    }
}

rill::task<rill::response> upstream::models(std::string id) {
    auto url = options_.url + "/models";
    if (!id.empty()) url += '/' + percent_encoded(id);
    auto answer = co_await ask(rill::client_request{rill::method::get, url});
    co_return co_await pass_on(std::move(answer));
}

rill::task<rill::response> upstream::complete(std::string body) {
    auto answer = co_await ask_to_complete(with_model(std::move(body), options_.model));
    if (!answer.is_event_stream()) co_return co_await pass_on(std::move(answer));
    auto events = events_of(std::move(answer), counts_);
    co_return std::move(events);
}

std::unique_ptr<generation> upstream::generate(const chat_request& wanted) {
    return std::make_unique<upstream_generation>(*this, wanted.to_json());
}

} // namespace llm
