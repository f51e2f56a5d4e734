#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

namespace rill::detail {

/// Writes lines to a file descriptor from a thread of its own, so that nobody who has something to say waits
/// for whoever reads it: an event loop must not stand still because a pipe is full. (Making the descriptor
/// non-blocking would make it so for every process that shares it, the user's shell among them.)
///
/// Lines come out whole and in the order of `write`. Those that find more than the bound waiting are lost,
/// and a line in their place says how many. Where the reader has gone, nothing happens: the thread takes no
/// signals, so not SIGPIPE.
class line_writer {
public:
    /// How many bytes may wait. It holds a second of many lines, and is little beside what a server holds.
    static constexpr std::size_t default_bound = 256 * 1024;
    /// How long the destructor waits.
    static constexpr std::chrono::milliseconds default_patience{1000};

    /// `descriptor` must stay open. Throws `std::system_error` if there is no thread to be had.
    explicit line_writer(int descriptor, std::size_t bound = default_bound,
                         std::chrono::milliseconds patience = default_patience);
    line_writer(const line_writer&) = delete;
    line_writer& operator=(const line_writer&) = delete;
    /// Waits until everything is written, but not for longer than the patience: what is left then is lost.
    ~line_writer();

    /// `line` without its line end. From any thread; it never blocks.
    void write(std::string_view line) noexcept;

private:
    struct queue;
    std::shared_ptr<queue> queue_; ///< the thread's, too: it may be stuck in a write when this goes
    std::chrono::milliseconds patience_;
};

} // namespace rill::detail
