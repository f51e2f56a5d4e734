#include "completion.hpp"

#include <fmt/format.h>

#include <chrono>
#include <random>
#include <utility>

namespace llm {
namespace {

using nlohmann::ordered_json;

ordered_json head(std::string_view object, std::string_view id, std::int64_t created, std::string_view model,
                  std::string_view fingerprint) {
    return {{"id", id},
            {"object", object},
            {"created", created},
            {"model", model},
            {"system_fingerprint", fingerprint}};
}

ordered_json choice(std::string_view what, ordered_json content, ordered_json finish_reason) {
    ordered_json made;
    made["index"] = 0;
    made[std::string{what}] = std::move(content);
    made["logprobs"] = nullptr;
    made["finish_reason"] = std::move(finish_reason);
    return made;
}

std::string chunk_of(ordered_json made, ordered_json choices, bool tells_usage, ordered_json used = nullptr) {
    made["choices"] = std::move(choices);
    if (tells_usage) made["usage"] = std::move(used);
    return made.dump();
}

constexpr std::string_view chunk_name = "chat.completion.chunk";

} // namespace

std::string random_id() {
    std::random_device draw;
    return fmt::format("{:08x}{:08x}{:08x}{:08x}", draw(), draw(), draw(), draw());
}

ordered_json counts(const usage& used) {
    return {{"prompt_tokens", used.prompt_tokens},
            {"completion_tokens", used.completion_tokens},
            {"total_tokens", used.prompt_tokens + used.completion_tokens}};
}

completion::completion(std::string_view model, std::string_view fingerprint, bool tells_usage)
    : id_{fmt::format("chatcmpl-{}", random_id())},
      model_{model},
      fingerprint_{fingerprint},
      created_{std::chrono::duration_cast<std::chrono::seconds>(
                   std::chrono::system_clock::now().time_since_epoch())
                   .count()},
      tells_usage_{tells_usage} {}

std::string completion::opening() const {
    const ordered_json delta{{"role", "assistant"}, {"content", ""}, {"refusal", nullptr}};
    return chunk_of(head(chunk_name, id_, created_, model_, fingerprint_),
                    ordered_json::array({choice("delta", delta, nullptr)}), tells_usage_);
}

std::string completion::chunk(std::string_view text) const {
    const ordered_json delta{{"content", text}};
    return chunk_of(head(chunk_name, id_, created_, model_, fingerprint_),
                    ordered_json::array({choice("delta", delta, nullptr)}), tells_usage_);
}

std::string completion::closing(std::string_view finish_reason) const {
    return chunk_of(head(chunk_name, id_, created_, model_, fingerprint_),
                    ordered_json::array({choice("delta", ordered_json::object(), finish_reason)}),
                    tells_usage_);
}

std::string completion::counted(const usage& used) const {
    return chunk_of(head(chunk_name, id_, created_, model_, fingerprint_), ordered_json::array(), true,
                    counts(used));
}

std::string completion::whole(std::string_view text, std::string_view finish_reason,
                              const usage& used) const {
    const ordered_json said{{"role", "assistant"}, {"content", text}, {"refusal", nullptr}};
    auto made = head("chat.completion", id_, created_, model_, fingerprint_);
    made["choices"] = ordered_json::array({choice("message", said, finish_reason)});
    made["usage"] = counts(used);
    return made.dump();
}

std::string model_card(std::string_view id, std::int64_t created, std::string_view about) {
    const ordered_json card{
        {"id", id}, {"object", "model"}, {"created", created}, {"owned_by", "rill"}, {"about", about}};
    return card.dump();
}

std::string model_list(std::string_view card) {
    return fmt::format(R"({{"object":"list","data":[{}]}})", card);
}

} // namespace llm
