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
/// All bytes lie in one string and each field is three numbers beside it, so that a head takes two
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
        std::uint32_t offset, name_size, value_size; // the value follows its name
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

    /// The bytes of all names and values together.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.size(); }

    /// Removes all fields and keeps the memory for the next ones.
    void clear() noexcept;

    /// Gives back the memory that the fields do not need.
    void shrink_to_fit();

    /// For parsers, which have the fields in pieces, and have checked them: any number of pieces of the
    /// name, then of the value, then `finish`. Unchecked, but for the white space at the value's ends, which
    /// is dropped.
    void append_name(std::string_view piece) {
        if (!unfinished_) entries_.push_back({static_cast<std::uint32_t>(bytes_.size()), 0, 0});
        unfinished_ = true;
        bytes_.append(piece);
        entries_.back().name_size += static_cast<std::uint32_t>(piece.size());
    }
    void append_value(std::string_view piece) {
        auto& e = entries_.back();
        if (e.value_size == 0)
            while (!piece.empty() && is_blank(piece.front())) piece.remove_prefix(1);
        bytes_.append(piece);
        e.value_size += static_cast<std::uint32_t>(piece.size());
    }
    void finish() noexcept {
        auto& e = entries_.back();
        for (; e.value_size > 0 && is_blank(bytes_.back()); --e.value_size) bytes_.pop_back();
        unfinished_ = false;
    }

private:
    static bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
    [[nodiscard]] field at(const entry& e) const noexcept {
        const std::string_view bytes{bytes_};
        return {bytes.substr(e.offset, e.name_size), bytes.substr(e.offset + e.name_size, e.value_size)};
    }
    void append(std::string_view name, std::string_view value);

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
