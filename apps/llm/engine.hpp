#pragma once

#include <rill/app/response.hpp>
#include <rill/coro/task.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace llm {

/// How many tokens went in and came out; 0 and 0 if nobody counted.
struct usage {
    std::uint64_t prompt_tokens = 0;
    std::uint64_t completion_tokens = 0;
};

/// An answer as it is generated. Destroying it stops that.
class generation {
public:
    generation() = default;
    generation(const generation&) = delete;
    generation& operator=(const generation&) = delete;
    virtual ~generation() = default;

    /// The next piece of the text; nothing at the end. Throws a `refusal`, and `std::system_error` with
    /// `operation_aborted` if the coroutine is cancelled. One call at a time.
    [[nodiscard]] virtual rill::task<std::optional<std::string>> next() = 0;

    /// Why it ended: "stop", or "length" if it was too long. After the end.
    [[nodiscard]] virtual std::string_view finish_reason() const = 0;
    [[nodiscard]] virtual usage used() const = 0;
};

/// Who answers: the model in this program, or a server elsewhere. It outlives the server that serves it, and
/// any thread may call it. What it refuses is thrown as a `refusal`.
class engine {
public:
    engine() = default;
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;
    virtual ~engine() = default;

    /// The model that answers if none is named; empty if the server elsewhere is to choose.
    [[nodiscard]] virtual std::string_view model() const = 0;
    /// What to expect of it, in a sentence or two for people.
    [[nodiscard]] virtual std::string_view about() const = 0;

    /// `GET /v1/models`, and `GET /v1/models/{id}` if there is an `id`.
    [[nodiscard]] virtual rill::task<rill::response> models(std::string id) = 0;
    /// `POST /v1/chat/completions` with this body.
    [[nodiscard]] virtual rill::task<rill::response> complete(std::string body) = 0;
    /// The answer to a request with this body, for the page; a model need not be named.
    [[nodiscard]] virtual std::unique_ptr<generation> generate(const std::string& body) = 0;
};

} // namespace llm
