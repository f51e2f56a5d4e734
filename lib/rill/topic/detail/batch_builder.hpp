#pragma once

#include <rill/base/detail/batch.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace rill::detail {

/// Makes a batch of what one reader alone gets. Large parts of it lie in the log and are shared; all else is
/// copied into one block, so that many small events need few pieces:
///
///     pieces    │ copies │ shared │ copies │ shared │ ...
class batch_builder {
public:
    /// So many pieces at most, at least two.
    explicit batch_builder(std::size_t most = batch::most) noexcept : most_{most} {}

    /// Bytes from which on a part is shared. Sharing keeps a slab alive, which is up to four times as large.
    static constexpr std::size_t least_shared = std::size_t{16} << 10;

    [[nodiscard]] std::size_t size() const noexcept { return shared_size_ + copies_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    /// Whether there may be too few pieces left for one more event: a copy of its begin, and the rest.
    [[nodiscard]] bool full() const noexcept { return count_ + 2 > most_; }

    /// What is appended here is copied.
    [[nodiscard]] std::string& copies() noexcept { return copies_; }

    /// Adds `bytes`, which lie in `owner`. Not to be called when full; once for each event.
    void add(const block& owner, std::string_view bytes) {
        if (bytes.size() < least_shared) {
            copies_ += bytes;
            return;
        }
        close_copies();
        pieces_[count_++] = {.shared = {owner, bytes}};
        shared_size_ += bytes.size();
    }

    /// Moves it all over.
    void finish(batch& into) {
        close_copies();
        const block own = copies_.empty() ? block{} : block{std::string_view{copies_}};
        for (auto& piece : std::span{pieces_}.first(count_))
            into.add(piece.shared.owner ? std::move(piece.shared)
                                        : shared_bytes{own, {own.data() + piece.begin, piece.size}});
        count_ = 0;
    }

private:
    struct piece {
        shared_bytes shared{};
        std::size_t begin = 0, size = 0; ///< in the copies, if nothing is shared
    };

    void close_copies() {
        if (copies_.size() == closed_) return;
        pieces_[count_++] = {.begin = closed_, .size = copies_.size() - closed_};
        closed_ = copies_.size();
    }

    const std::size_t most_;
    std::array<piece, batch::most> pieces_;
    std::size_t count_ = 0;
    std::string copies_;
    std::size_t closed_ = 0; ///< so many of the copies belong to pieces
    std::size_t shared_size_ = 0;
};

} // namespace rill::detail
