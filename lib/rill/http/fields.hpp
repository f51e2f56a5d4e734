#pragma once

#include <rill/base/export.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rill {

/// A field of a message's head: views into the `fields` it came from, valid until they change.
struct field {
    std::string_view name;
    std::string_view value;
};

/// The fields of a message's head (RFC 9110 §5): in their order, repeated ones too. Names match whatever
/// their case.
///
/// All bytes lie in one string and each field is four numbers beside it, so that a head takes two
/// allocations, and none once it is reused.
///
/// **Example**
///
///     rill::fields fields;
///     fields.add("Cache-Control", "no-store");
///     if (fields.contains_token("cache-control", "no-store")) ...
///     for (const auto& [name, value] : fields) ...
class RILL_EXPORT fields {
    struct entry {
        std::uint32_t name, name_size, value, value_size; // where in the bytes, and how many
    };

public:
    class iterator;

    /// Adds a field behind the others. White space at the value's ends is dropped.
    /// Throws `invalid_field_name`, `invalid_field_value`, and `std::length_error` beyond 4 GiB.
    /// `name` and `value` must not be views into these fields, here as in `set` and `erase`.
    void add(std::string_view name, std::string_view value);

    /// Replaces all fields of this name by one, which goes behind the others. Throws as `add` does, and then
    /// changes nothing.
    void set(std::string_view name, std::string_view value);

    /// Removes all fields of this name, and says how many there were.
    std::size_t erase(std::string_view name);

    [[nodiscard]] bool contains(std::string_view name) const noexcept { return find(name).has_value(); }

    /// The value of the first field of this name, or nothing.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
    [[nodiscard]] std::optional<std::string_view> operator[](std::string_view name) const noexcept {
        return find(name);
    }

    /// The values of all fields of this name, in their order.
    [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;

    /// Whether `token` is an element of the comma-separated lists in the fields of this name, whatever its
    /// case (RFC 9110 §5.6.1). Elements are compared whole, with their parameters.
    [[nodiscard]] bool contains_token(std::string_view name, std::string_view token) const noexcept;

    /// Views of each field; a change of the fields ends them.
    [[nodiscard]] iterator begin() const noexcept;
    [[nodiscard]] iterator end() const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

    /// The memory that names and values take, in bytes; of a head that was parsed also what stood between
    /// them.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.size(); }

    /// Removes all fields and keeps the memory for the next ones.
    void clear() noexcept;

    /// Gives back the memory that the fields do not need.
    void shrink_to_fit();

    /// `add` for what is known to be a name and a value, without white space at its ends: it checks nothing.
    void add_unchecked(std::string_view name, std::string_view value);

    /// For parsers, which take in a whole head, in any pieces, and check it: copies the next piece, and
    /// returns the copy, whose bytes go on where the last piece ended. Of these, any number of views that
    /// follow one another are a name, and then a value; `finish` ends the field, and drops the white space
    /// at its value's ends.
    std::string_view take(std::string_view piece) {
        const auto before = bytes_.size();
        bytes_.append(piece);
        return {bytes_.data() + before, piece.size()};
    }
    /// Puts `piece` in the place of the one that was taken last, which is as long.
    void retake(std::string_view piece) noexcept {
        piece.copy(bytes_.data() + bytes_.size() - piece.size(), piece.size());
    }
    void extend_name(std::string_view taken) {
        if (!unfinished_) entries_.push_back({offset_of(taken), 0, 0, 0});
        unfinished_ = true;
        auto& e = entries_.back();
        e.name_size += static_cast<std::uint32_t>(taken.size());
        e.value = e.name + e.name_size;
    }
    void extend_value(std::string_view taken) noexcept {
        auto& e = entries_.back();
        if (e.value_size == 0) e.value = offset_of(taken);
        e.value_size += static_cast<std::uint32_t>(taken.size());
    }
    void finish() noexcept {
        auto& e = entries_.back();
        for (; e.value_size > 0 && is_blank(bytes_[e.value]); --e.value_size) ++e.value;
        while (e.value_size > 0 && is_blank(bytes_[e.value + e.value_size - 1])) --e.value_size;
        unfinished_ = false;
    }

private:
    static bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
    [[nodiscard]] std::uint32_t offset_of(std::string_view taken) const noexcept {
        return static_cast<std::uint32_t>(taken.data() - bytes_.data());
    }
    [[nodiscard]] field at(const entry& e) const noexcept {
        return {{bytes_.data() + e.name, e.name_size}, {bytes_.data() + e.value, e.value_size}};
    }

    std::string bytes_;
    std::vector<entry> entries_;
    bool unfinished_ = false; // the last entry still grows
};

/// Goes over fields in their order.
class fields::iterator {
public:
    using value_type = field;
    using difference_type = std::ptrdiff_t;
    using reference = field;
    using pointer = void;
    using iterator_category = std::input_iterator_tag;

    iterator() = default;
    [[nodiscard]] field operator*() const noexcept { return of_->at(*at_); }
    iterator& operator++() noexcept {
        ++at_;
        return *this;
    }
    iterator operator++(int) noexcept {
        auto old = *this;
        ++at_;
        return old;
    }
    iterator& operator--() noexcept {
        --at_;
        return *this;
    }
    [[nodiscard]] bool operator==(const iterator&) const = default;

private:
    friend fields;
    iterator(const fields& of, const entry* at) noexcept : of_{&of}, at_{at} {}

    const fields* of_ = nullptr;
    const entry* at_ = nullptr;
};

inline fields::iterator fields::begin() const noexcept {
    return {*this, entries_.data()};
}
inline fields::iterator fields::end() const noexcept {
    return {*this, entries_.data() + entries_.size()};
}

} // namespace rill
