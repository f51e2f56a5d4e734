#include "upstream_generation.hpp"

#include <rill/base/error.hpp>

#include "refusal.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace llm {
namespace {

using nlohmann::json;

/// The text of a member; empty if it is none.
std::string text(const json& from, const char* name) {
    const auto found = from.is_object() ? from.find(name) : from.end();
    return found != from.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::uint64_t number(const json& from, const char* name) {
    const auto found = from.is_object() ? from.find(name) : from.end();
    return found != from.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

[[noreturn]] void refuse(std::string_view why) {
    throw refusal{rill::status::bad_gateway, why};
}

} // namespace

upstream_generation::upstream_generation(upstream& from, std::string body)
    : from_{from}, body_{std::move(body)}, counted_{from.counts_} {}

rill::task<std::optional<std::string>> upstream_generation::next() {
    std::string piece;
    try {
        if (!stream_) co_await open();
        while (piece.empty() && !over_) {
            const auto* message = co_await stream_->next();
            if (message == nullptr && finish_reason_.empty())
                refuse("the server upstream has ended its answer in the middle");
            over_ = message == nullptr || message->data == "[DONE]";
            if (over_) break;
            piece = take(message->data);
        }
    } catch (const rill::error& why) {
        refuse(why.what());
    }
    if (over_) {
        counted_.finish();
        stream_.reset();
        co_return std::nullopt;
    }
    co_return piece;
}

rill::task<void> upstream_generation::open() {
    auto answer = co_await from_.ask_to_complete(std::move(body_));
    if (!answer.is_event_stream()) {
        auto said = co_await from_.body_of(answer);
        const bool refused = answer.status() >= rill::status::bad_request;
        if (!refused) refuse("the server upstream was asked for a stream, and does not answer with one");
        throw refusal::from_upstream(answer.status(), std::move(said));
    }
    stream_.emplace(std::move(answer));
}

std::string upstream_generation::take(const std::string& data) {
    const auto chunk = json::parse(data, nullptr, false);
    if (!chunk.is_object()) refuse("the server upstream has sent what is no chunk of an answer");
    if (chunk.contains("error")) throw refusal::from_upstream(rill::status::bad_gateway, data);
    if (const auto counts = chunk.find("usage"); counts != chunk.end() && counts->is_object())
        used_ = {.prompt_tokens = number(*counts, "prompt_tokens"),
                 .completion_tokens = number(*counts, "completion_tokens")};
    const auto choices = chunk.find("choices");
    if (choices == chunk.end() || !choices->is_array() || choices->empty()) return {};
    const auto& choice = choices->front();
    if (auto why = text(choice, "finish_reason"); !why.empty()) finish_reason_ = std::move(why);
    if (!choice.is_object() || !choice.contains("delta")) return {};
    counted_.piece();
    return text(choice["delta"], "content");
}

} // namespace llm
