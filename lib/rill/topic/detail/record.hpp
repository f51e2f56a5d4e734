#pragma once

#include <rill/base/detail/block.hpp>
#include <rill/sse/event.hpp>
#include <rill/topic/publish_options.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rill::detail {

/// An event on its way into a log: checked, and encoded but for its number, which only the log can give.
///
/// Making one is nearly all the work of publishing, and needs only what any thread may read of the log, so
/// no mutex is held for it. The number is guessed. If it turns out to have more digits, what stands
/// before it is moved:
///
///     │ room │ : comment │ id: 00c0ffee1234- │ 99 │ ... data: text │
///     │ room│ : comment │ id: 00c0ffee1234- │ 100 │ ... data: text │
///
/// An event that is larger than any slab lies at the end of a block of its own, which the log takes as it is.
/// A smaller one is copied behind the event before it.
class record {
public:
    /// What it has to know about its log.
    struct destination {
        std::string_view id_prefix; ///< what the log's own ids begin with; the number follows
        std::uint64_t next = 1;     ///< the number that the event will probably get
        std::size_t most_bytes = 0; ///< of an event when it is encoded
    };

    /// Throws `error` as `topic::publish` does, for all that does not depend on what is in the log. The key
    /// must outlive the record.
    record(const event& e, const publish_options& options, const destination& log);
    record(const record&) = delete;
    record& operator=(const record&) = delete;
    ~record() = default;

    /// Fills in the number, once, unless the publisher gave an id.
    void set_number(std::uint64_t number) noexcept;

    /// The event as it goes over the wire. The line of its id begins at `id_at`.
    [[nodiscard]] std::string_view bytes() const noexcept { return {begin_, size_}; }
    [[nodiscard]] std::size_t id_at() const noexcept { return id_at_; }
    [[nodiscard]] std::string_view id() const noexcept { return id_; }
    [[nodiscard]] bool has_own_id() const noexcept { return has_own_id_; }
    [[nodiscard]] std::optional<std::uint64_t> from() const noexcept { return from_; }
    [[nodiscard]] std::string_view key() const noexcept { return key_; }
    /// Whether there is something to find it by: an own id, or a key.
    [[nodiscard]] bool has_names() const noexcept { return has_own_id_ || !key_.empty(); }

    /// Whether it lies in a block of its own.
    [[nodiscard]] bool is_large() const noexcept { return is_large_; }
    /// That block.
    [[nodiscard]] block take_block() noexcept { return std::move(block_); }
    [[nodiscard]] std::string take_id() noexcept { return std::move(id_); }

private:
    [[nodiscard]] char* memory_for(std::size_t size);

    const std::optional<std::uint64_t> from_;
    const std::string_view key_;
    const bool has_own_id_;
    bool is_large_ = false;
    const std::size_t digits_; ///< of the guess
    std::string id_;
    std::size_t id_at_ = 0;
    char* begin_ = nullptr;
    std::size_t size_ = 0;
    block block_;
    std::array<char, 4096> small_; ///< what fits in here needs no block
};

} // namespace rill::detail
