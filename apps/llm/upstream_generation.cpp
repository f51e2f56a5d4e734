#include "upstream_generation.hpp"

#include <rill/base/error.hpp>

#include "failure.hpp"
#include "json.hpp"
#include "refusal.hpp"

#include <utility>

namespace llm {
namespace {

using nlohmann::json;

constexpr std::size_t most_words = 1'000; ///< bytes of an error that is plain text

std::uint64_t number(const json& from, const char* name) {
    const auto found = from.is_object() ? from.find(name) : from.end();
    return found != from.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

[[noreturn]] void refuse(std::string_view why) {
    throw refusal{rill::status::bad_gateway, why};
}

bool is_blank(std::string_view text) noexcept {
    return text.find_first_not_of(" \t\r\n") == text.npos;
}

/// Some servers put blanks around it, or words behind it.
bool is_end(std::string_view data) noexcept {
    const auto begin = data.find_first_not_of(" \t");
    return begin != data.npos && data.substr(begin).starts_with("[DONE]");
}

json read(const std::string& data) {
    try {
        return read_json(data);
    } catch (const nested_too_deeply&) {
        refuse("the server upstream has sent a chunk that is nested too deeply");
    }
}

/// The text of a content: itself, or that of its parts.
std::string text_of(const json& delta) {
    std::string text{text_in(delta, "content")};
    if (const auto content = delta.find("content"); content != delta.end() && content->is_array())
        for (const auto& part : *content) text += text_in(part, "text");
    // A model that will not answer says so in a member of its own.
    return text.empty() ? std::string{text_in(delta, "refusal")} : text;
}

/// The first of an answer's choices; null if the chunk is not about it.
const json* first_choice(const json& chunk) {
    const auto choices = chunk.find("choices");
    if (choices == chunk.end() || !choices->is_array()) return nullptr;
    for (const auto& choice : *choices)
        if (choice.is_object() && number(choice, "index") == 0) return &choice;
    return nullptr;
}

} // namespace

upstream_generation::upstream_generation(upstream& from, upstream_request request)
    : from_{from}, request_{std::move(request)}, counted_{from.counts_} {}

rill::task<std::optional<std::string>> upstream_generation::next() {
    std::string piece;
    try {
        if (!stream_) co_await open();
        while (piece.empty() && !over_) {
            const auto* event = co_await stream_->next();
            if (event == nullptr && finish_reason_.empty())
                refuse("the server upstream has ended its answer in the middle");
            over_ = event == nullptr || is_end(event->data);
            if (!over_) piece = take(*event);
        }
    } catch (const rill::error& why) {
        if (finish_reason_.empty()) refuse(from_.secrets_.hidden(why.what()));
        over_ = true; // all of the text is there
    }
    if (!over_) co_return piece;
    if (!begun_) refuse("the server upstream has ended its answer before it began");
    counted_.finish();
    stream_.reset();
    co_return std::nullopt;
}

rill::task<void> upstream_generation::open() {
    auto answer = co_await from_.ask_to_complete(std::move(request_));
    if (answer.is_event_stream()) {
        stream_.emplace(std::move(answer));
        co_return;
    }
    const auto code = answer.status();
    if (code < rill::status::bad_request)
        refuse("the server upstream was asked for a stream, and does not answer with one");
    try {
        auto said = co_await from_.body_of(answer);
        throw refusal::from_upstream(code, std::move(said));
    } catch (const rill::error& why) {
        throw from_.unreadable(code, why);
    }
}

void upstream_generation::fail(const std::string& data) const {
    auto told = from_.secrets_.hidden(data);
    if (failure_in(read(data))) throw refusal::from_upstream(rill::status::bad_gateway, std::move(told));
    if (is_blank(data)) refuse("the server upstream reports an error");
    refuse(std::string_view{told}.substr(0, most_words));
}

std::string upstream_generation::take(const rill::message& event) {
    const bool failed = event.type == "error";
    const bool heartbeat = event.type == "ping" || is_blank(event.data);
    if (heartbeat && !failed) return {};
    const auto chunk = read(event.data);
    if (failed || failure_in(chunk)) fail(event.data);
    if (chunk.is_object()) return take_chunk(chunk);
    const bool named = event.type != "message"; // as a heartbeat of another name
    if (!named) refuse("the server upstream has sent what is not a chunk of an answer");
    return {};
}

std::string upstream_generation::take_chunk(const json& chunk) {
    if (const auto counts = chunk.find("usage"); counts != chunk.end() && counts->is_object())
        used_ = {.prompt_tokens = number(*counts, "prompt_tokens"),
                 .completion_tokens = number(*counts, "completion_tokens")};
    const auto* choice = first_choice(chunk);
    if (choice == nullptr) return {};
    begun_ = true;
    if (const auto why = text_in(*choice, "finish_reason"); !why.empty()) finish_reason_ = why;
    const auto delta = choice->find("delta");
    if (delta == choice->end() || !delta->is_object()) return {};
    counted_.piece();
    return text_of(*delta);
}

} // namespace llm
