#pragma once

#include <rill/base/export.hpp>
#include <rill/sse/message.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rill {

/// What a decoder takes from a server before it gives up. Sizes are in bytes.
struct decode_limits {
    std::size_t line = std::size_t{16} << 20;  ///< one line without its end, comments too: `line_too_long`
    std::size_t event = std::size_t{16} << 20; ///< the data of one event, as decoded: `event_too_large`
};

/// What `decoder::next` came upon.
enum class decoded {
    nothing, ///< all bytes are taken, and the next message or comment needs more of them
    message, ///< an event is complete: see `decoder::current`
    comment, ///< a comment line was read: see `decoder::comment`
};

/// Reads an event stream, in whatever pieces it arrives. (WHATWG HTML §9.2.6)
///
/// The pieces may end anywhere: inside a character, between CR and LF, inside the byte order mark. An event
/// is there as soon as the first byte of the blank line's end is. Invalid UTF-8 is no error and becomes
/// U+FFFD, one for each maximal part (WHATWG Encoding §4.1). An event that the end of the stream cuts off is
/// dropped: call `reset`, or nothing more.
///
/// The longest line and the largest event bound the memory. Once a function has thrown, the decoder must not
/// be used again.
///
/// **Example**
///
///     rill::decoder decoder;
///     while (const auto size = co_await socket.async_read_some(asio::buffer(buffer))) {
///         std::string_view bytes{buffer.data(), size};
///         while (!bytes.empty())
///             if (decoder.next(bytes) == rill::decoded::message) show(decoder.current().data);
///     }
class RILL_EXPORT decoder {
public:
    /// A decoder for the first connection. `last_event_id` is where an earlier reader of the stream stopped,
    /// if there was one: messages carry it until the stream gives a new one.
    explicit decoder(const decode_limits& limits = {}, std::string last_event_id = {});

    /// Takes bytes off the front of `bytes`, up to the end of the next message or comment or else all of
    /// them. Call it as long as some are left, then with the next piece. Throws `rill::error` with
    /// `sse_errc::line_too_long` or `sse_errc::event_too_large`.
    [[nodiscard]] decoded next(std::string_view& bytes);

    /// The message that `next` returned for. It may be moved from; the next call of `next` takes it away.
    [[nodiscard]] message& current() noexcept { return current_; }

    /// The comment that `next` returned for, without the colon and one space behind it, until the next call.
    [[nodiscard]] std::string_view comment() const noexcept { return comment_; }

    /// The id to come back with after the connection is lost. It changes with the blank line that ends an
    /// event, also where that event has no data and so is no message (a checkpoint).
    [[nodiscard]] const std::string& last_event_id() const noexcept { return last_event_id_; }

    /// How long the server wants its clients to wait before they come back; nothing if it never said. It
    /// changes as soon as its line was read. More than `max_retry` is taken as `max_retry`.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }

    /// Some 24 days: the longest that browsers' timers can wait, and safe to add to any time.
    static constexpr std::chrono::milliseconds max_retry{0x7FFFFFFF};

    /// Begins with a new connection: drops what the old one left unfinished, keeps the last id and the retry
    /// time.
    void reset();

private:
    decoded read_line(std::string_view line);
    void read_field(std::string_view name, std::string_view value);
    void append_data(std::string_view value);
    decoded end_event();

    decode_limits limits_;
    std::string line_;      // what earlier pieces held of a line that has not ended
    bool at_start_ = true;  // no line has ended yet: the first may begin with a byte order mark
    bool after_cr_ = false; // an LF that comes now belongs to the line end before it
    bool has_data_ = false; // there was a `data` line, perhaps an empty one
    std::string data_;      // without the LF after its last line
    std::string type_;
    std::string id_; // becomes last_event_id_ when the event ends
    std::string last_event_id_;
    std::optional<std::chrono::milliseconds> retry_;
    std::string comment_;
    message current_;
};

} // namespace rill
