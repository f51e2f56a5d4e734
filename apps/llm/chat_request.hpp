#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llm {

/// One thing that was said. It has a constructor on purpose: see docs/coroutines.md about GCC 12.
struct message {
    message(std::string role_, std::string content_) : role{std::move(role_)}, content{std::move(content_)} {}
    std::string role; ///< system, developer, user, assistant or tool
    std::string content;
};

/// What a client wants answered.
struct chat_request {
    /// So many tokens at most, whatever the client says.
    static constexpr std::size_t most_tokens = 4096;
    /// So long a body may be.
    static constexpr std::size_t most_bytes = std::size_t{1} << 20;

    chat_request() = default;
    std::string model;
    std::vector<message> messages;
    std::optional<double> temperature;
    std::optional<double> top_p;
    std::optional<std::int64_t> seed;
    std::optional<std::size_t> max_tokens;
    std::vector<std::string> stop;
    bool stream = false;
    bool include_usage = false;

    /// What the user said last; empty if nothing.
    [[nodiscard]] std::string_view prompt() const noexcept;
};

/// Reads the body of `POST /v1/chat/completions`. What is not known, and what only tunes (penalties, `user`,
/// `metadata`), is passed over. Throws a `refusal` 400 if it is broken JSON or says what cannot be, and if it
/// asks for what this server cannot do, as tools, several choices and `logprobs`.
[[nodiscard]] chat_request read_chat_request(std::string_view body);

} // namespace llm
