#include <rill/base/text.hpp>
#include <rill/http/detail/syntax.hpp>
#include <rill/http/error.hpp>
#include <rill/http/fields.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace rill {
namespace {

/// Calls `f` with the trimmed elements of a comma-separated list until it returns true.
template <typename F>
bool any_element(std::string_view list, F f) {
    for (;;) {
        const auto comma = list.find(',');
        if (f(trim(list.substr(0, comma)))) return true;
        if (comma == list.npos) return false;
        list.remove_prefix(comma + 1);
    }
}

/// Throws if a message with this field could be read as another one.
void check(std::string_view name, std::string_view value) {
    if (!detail::is_token(name)) throw error{http_errc::invalid_field_name, "field"};
    if (!detail::all(value, detail::value_char))
        throw error{http_errc::invalid_field_value, "field " + std::string{name}};
}

} // namespace

void fields::add(std::string_view name, std::string_view value) {
    check(name, value);
    add_unchecked(name, trim(value));
}

void fields::set(std::string_view name, std::string_view value) {
    check(name, value);
    erase(name);
    add_unchecked(name, trim(value));
}

void fields::add_unchecked(std::string_view name, std::string_view value) {
    if (name.size() + value.size() > std::numeric_limits<std::uint32_t>::max() - bytes_.size())
        throw std::length_error{"fields"};
    const auto begin = static_cast<std::uint32_t>(bytes_.size());
    const auto name_size = static_cast<std::uint32_t>(name.size());
    bytes_.append(name).append(value);
    entries_.push_back({begin, name_size, begin + name_size, static_cast<std::uint32_t>(value.size())});
}

std::size_t fields::erase(std::string_view name) {
    std::size_t kept = 0;
    std::uint32_t removed = 0; // bytes so far
    for (auto e : entries_) {
        e.name -= removed;
        e.value -= removed;
        if (equals_ignoring_case(at(e).name, name)) {
            const auto size = e.value + e.value_size - e.name;
            bytes_.erase(e.name, size);
            removed += size;
        } else {
            entries_[kept++] = e;
        }
    }
    const auto count = entries_.size() - kept;
    entries_.resize(kept);
    return count;
}

std::optional<std::string_view> fields::find(std::string_view name) const noexcept {
    for (const auto& e : entries_)
        if (e.name_size == name.size() && equals_ignoring_case(at(e).name, name)) return at(e).value;
    return std::nullopt;
}

std::vector<std::string_view> fields::all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto f : *this)
        if (equals_ignoring_case(f.name, name)) values.push_back(f.value);
    return values;
}

bool fields::contains_token(std::string_view name, std::string_view token) const noexcept {
    const auto matches = [token](std::string_view element) { return equals_ignoring_case(element, token); };
    for (const auto f : *this)
        if (equals_ignoring_case(f.name, name) && any_element(f.value, matches)) return true;
    return false;
}

void fields::clear() noexcept {
    bytes_.clear();
    entries_.clear();
    unfinished_ = false;
}

void fields::shrink_to_fit() {
    bytes_.shrink_to_fit();
    entries_.shrink_to_fit();
}

} // namespace rill
