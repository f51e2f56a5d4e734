#pragma once

#include <asio/io_context.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rill::detail {

class h1_session;

/// What a shard's connections do together when several are ready at once: all of them are read, then all
/// requests are answered, then all answers are sent. So the code for each of these has its turn in the
/// processor's caches, which reading and writing would clear for every single request, and a client of many
/// connections is woken once for many answers.
///
///     one ready alone:   read ─▶ answer ─▶ send
///     several:           read, read, read ... ─▶ answer, answer, answer ... ─▶ send, send, send ...
///
/// It holds small requests and small answers only; for others, nothing changes.
class round {
public:
    explicit round(asio::io_context& context) noexcept : context_{context} {}
    round(const round&) = delete;
    round& operator=(const round&) = delete;

    /// What a connection reads into. It is looked at before the next one reads, or joins the round.
    [[nodiscard]] std::span<char> space() noexcept { return std::span{space_}.subspan(used_); }

    /// Whether somebody waits for the others.
    [[nodiscard]] bool open() const noexcept { return !readers_.empty(); }
    /// Has `h1_session::on_received` called with `bytes`, which were read into `space`, once all who are
    /// ready have read. False if that is not worth it, or if there is no room: then they are to be looked at
    /// now.
    [[nodiscard]] bool join(h1_session& who, std::string_view bytes);
    /// For the last one that reads. If the last one that is ready does not read, the event loop does it.
    void run();

    /// Requests are answered right now, and their answers are sent behind that.
    [[nodiscard]] bool answering() const noexcept { return answering_ && answers_.size() <= most_kept; }
    /// Where such an answer is appended to; from `begin` on it is the one of `whose`, which has no other one
    /// there, and is given to `h1_session::send_answer`.
    [[nodiscard]] std::string& answers() noexcept { return answers_; }
    void answered(h1_session& whose, std::size_t begin);

    /// Nobody gets anything any more.
    void abandon() noexcept;

private:
    struct reader {
        std::shared_ptr<h1_session> session;
        std::string_view bytes;
    };
    struct writer {
        std::shared_ptr<h1_session> session;
        std::size_t begin, size; ///< in `answers_`
    };

    static constexpr std::size_t most_kept = 32'768; ///< bytes, but for the last one's

    asio::io_context& context_;
    std::vector<reader> readers_;
    std::vector<writer> writers_;
    std::string answers_;
    std::size_t used_ = 0; ///< of `space_`
    bool answering_ = false;
    std::array<char, 65'536> space_;
};

} // namespace rill::detail
