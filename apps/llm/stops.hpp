#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llm {

/// Ends a text before the first of some sequences, of which nothing gets through, also where one spans
/// several pieces: what may be the beginning of one is held back until it is known.
class stops {
public:
    /// None of them may be empty.
    explicit stops(std::vector<std::string> sequences) : sequences_{std::move(sequences)} {}

    /// Takes a piece, and gives what may be passed on of all that came; empty if nothing may.
    [[nodiscard]] std::string add(std::string_view piece);

    /// What is still held back, when nothing follows any more.
    [[nodiscard]] std::string rest() { return std::exchange(held_, {}); }

    /// Whether a sequence has come; nothing gets through then.
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }

private:
    std::vector<std::string> sequences_;
    std::string held_;
    bool stopped_ = false;
};

} // namespace llm
