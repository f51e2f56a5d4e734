#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace load {

/// Takes a response apart as it comes, and has only the bytes of an event stream left: the head is checked
/// and dropped, chunks are joined. It keeps no more of a connection than is not whole yet.
class stream_reader {
public:
    /// Gives the body's bytes among `bytes`, moved to the front of where they are. Throws
    /// `std::runtime_error` on what is no response with the status 200.
    [[nodiscard]] std::string_view take(std::span<char> bytes);

    /// The head has come.
    [[nodiscard]] bool open() const noexcept { return place_ != place::head; }

private:
    enum class place : std::uint8_t { head, size, data, data_end, until_close };

    std::size_t read_head(std::string_view bytes);

    place place_ = place::head;
    std::uint64_t left_ = 0; ///< of the chunk
    std::string unfinished_; ///< of the head
};

} // namespace load
