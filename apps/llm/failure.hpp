#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace llm {

/// What went wrong, in words, if `said` is an error in one of the forms that servers of this API answer with,
/// or send in mid-stream where a chunk of the answer is expected:
///
///     {"error": {"message": "..."}}                  OpenAI; an error that is null, false or empty is none
///     {"error": "..."}                               Ollama and others
///     [{"error": {"message": "..."}}]                Gemini
///     {"object": "error", "message": "..."}          vLLM, in older versions
///     {"type": "error", ...}                         gateways to Anthropic
///     {"choices": null, "error_message": "..."}      gateways; where nothing is said but how much was used,
///                                                    null is no error
///     {"detail": "..."}, {"message": "...", ...}     web frameworks and gateways, without `choices`
///     {"choices": [{"finish_reason": "error"}]}      OpenRouter, vLLM; or an error in the choice
[[nodiscard]] std::optional<std::string> failure_in(const nlohmann::json& said);

} // namespace llm
