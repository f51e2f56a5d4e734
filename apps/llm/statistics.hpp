#pragma once

#include <atomic>
#include <cstdint>

namespace llm {

/// What the server has generated so far, and generates now. Any thread may read and change it.
class statistics {
public:
    std::atomic<std::uint64_t> started = 0;
    std::atomic<std::uint64_t> running = 0;
    std::atomic<std::uint64_t> finished = 0;
    std::atomic<std::uint64_t> cancelled = 0; ///< given up before their end, or broken
    std::atomic<std::uint64_t> pieces = 0; ///< of text, or events, that were generated or came from upstream

    /// One generation, for as long as this lives: it was cancelled unless it has been said to be finished.
    class generation {
    public:
        explicit generation(statistics& in) noexcept : in_{in} {
            ++in_.started;
            ++in_.running;
        }
        generation(const generation&) = delete;
        generation& operator=(const generation&) = delete;
        ~generation() {
            --in_.running;
            ++(finished_ ? in_.finished : in_.cancelled);
        }

        void piece() noexcept { ++in_.pieces; }
        void finish() noexcept { finished_ = true; }

    private:
        statistics& in_;
        bool finished_ = false;
    };
};

} // namespace llm
