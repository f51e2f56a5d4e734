#pragma once

#include <rill/base/clock.hpp>
#include <rill/base/detail/block.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rill::detail {

/// What a peer has not taken yet, in order: bytes of its own, and pieces that others read too, of which it
/// keeps a share and no copy.
///
/// Nearly all connections keep up nearly all the time: an empty outbox is a pointer to nothing. It gives its
/// memory back when the peer has caught up.
///
///     own      │ head, size line │                 │ CRLF, next head ... │
///     shared                     └─ piece, piece ──┘
class outbox {
public:
    /// What was last seen of how the peer gets on.
    struct look {
        std::size_t unacknowledged = 0; ///< see `transport`
        time_point since{};             ///< when that became less, or something was written
    };

    [[nodiscard]] std::size_t size() const noexcept { return rest_ ? rest_->size : 0; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    /// Adds a copy of `bytes`.
    void append(std::string_view bytes);
    /// Adds a piece, and keeps it until it is consumed.
    void append(shared_bytes piece);

    /// What comes first, as many views as `space` has room for, none of them empty; valid until the next
    /// change.
    [[nodiscard]] std::span<const std::string_view> front(std::span<std::string_view> space) const noexcept;

    /// Kept here since only a connection with a backlog needs it; it must not be empty.
    [[nodiscard]] look& last_look() noexcept { return rest_->last_look; }

    /// Drops the first `count` bytes; there must be as many.
    void consume(std::size_t count) noexcept;

private:
    struct shared_piece {
        std::size_t at; ///< it stands before this byte of `own`
        shared_bytes piece;
    };
    struct rest {
        std::size_t size = 0;
        std::string own;
        std::size_t consumed = 0; ///< of `own`
        std::vector<shared_piece> shared;
        look last_look;
    };

    std::unique_ptr<rest> rest_;
};

} // namespace rill::detail
