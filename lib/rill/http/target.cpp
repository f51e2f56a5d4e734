#include <rill/base/text.hpp>
#include <rill/http/detail/dot_segments.hpp>
#include <rill/http/detail/syntax.hpp>
#include <rill/http/target.hpp>

#include <limits>

namespace rill {
namespace {

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            const auto high = i + 2 < text.size() ? detail::hex_value(text[i + 1]) : -1;
            const auto low = i + 2 < text.size() ? detail::hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    if (!is_utf8(out)) return std::nullopt;
    return out;
}

/// Calls `f` with each name and value in the query, as they were sent, until it returns true. True if it did.
template <typename F>
bool each_pair(std::string_view query, F f) {
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto pair = query.substr(0, end);
        query.remove_prefix(end == query.npos ? query.size() : end + 1);
        if (pair.empty()) continue;
        const auto equals = pair.find('=');
        if (f(pair.substr(0, equals), equals == pair.npos ? std::string_view{} : pair.substr(equals + 1)))
            return true;
    }
    return false;
}

/// Calls `f` with the decoded values that `name` has in the query until it returns true.
template <typename F>
void each_value(std::string_view query, std::string_view name, F f) {
    each_pair(query, [&](std::string_view its_name, std::string_view value) {
        if (decode(its_name, true) != name) return false;
        auto decoded = decode(value, true);
        return decoded && f(std::move(*decoded));
    });
}

} // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    return decode(text, false);
}

std::optional<target> target::parse(std::string_view text, method m) {
    std::optional<target> parsed{std::in_place};
    parsed->append(text);
    if (!parsed->finish(m)) parsed.reset();
    return parsed;
}

void target::clear() noexcept {
    text_.clear();
    raw_size_ = 0;
    path_ = query_ = authority_ = {};
    form_ = target_form::origin;
}

bool target::finish(method m) {
    if (text_.size() > std::numeric_limits<std::uint32_t>::max() / 4) return false;
    raw_size_ = static_cast<std::uint32_t>(text_.size());
    const std::string_view text = raw();
    if (text.starts_with('/') && m != method::connect && detail::all(text, detail::path_char)) {
        path_ = {0, raw_size_}; // as most are
        return true;
    }
    if (text.empty() || !detail::all(text, detail::target_char) || text.find('#') != text.npos ||
        !detail::has_whole_escapes(text))
        return false;
    if (m == method::connect) { // the port is not optional here (RFC 9110 §9.3.6)
        form_ = target_form::authority;
        authority_ = part_of(text);
        return detail::is_host(text) && detail::is_digit(text.back()) && text.rfind(':') != text.npos &&
               text.find_first_not_of("0123456789", text.rfind(':') + 1) == text.npos;
    }
    if (text == "*") {
        form_ = target_form::asterisk;
        path_ = part_of(text);
        return m == method::options;
    }
    if (text.front() != '/') return take_absolute(text);
    form_ = target_form::origin;
    take_path_and_query(text);
    return true;
}

bool target::take_absolute(std::string_view text) {
    form_ = target_form::absolute;
    const auto scheme_end = text.find("://");
    if (scheme_end == text.npos) return false;
    const auto scheme = text.substr(0, scheme_end);
    if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) return false;
    text.remove_prefix(scheme_end + 3);
    const auto authority = text.substr(0, text.find_first_of("/?"));
    if (!detail::is_host(authority)) return false;
    authority_ = part_of(authority);
    text.remove_prefix(authority.size());
    take_path_and_query(text);
    return true;
}

void target::take_path_and_query(std::string_view text) {
    const auto mark = text.find('?');
    if (mark != text.npos) query_ = part_of(text.substr(mark + 1));
    set_path(text.substr(0, mark));
}

void target::set_path(std::string_view path) {
    path_ = part_of(path);
    if (!path.empty() && !detail::has_dot_segments(path)) return;
    text_.reserve(text_.size() + path.size() + 1); // from here on the string does not move
    const auto begin = text_.size();
    detail::append_without_dots(text_, at(path_)); // http://host is http://host/
    path_ = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(text_.size() - begin)};
}

target::part target::part_of(std::string_view inside) const noexcept {
    return {static_cast<std::uint32_t>(inside.data() - text_.data()),
            static_cast<std::uint32_t>(inside.size())};
}

std::optional<std::string> target::query_value(std::string_view name) const {
    std::optional<std::string> found;
    each_value(query(), name, [&found](std::string value) {
        found = std::move(value);
        return true;
    });
    return found;
}

bool target::has_utf8_query() const {
    if (query().find('%') == query().npos) return true; // a target is ASCII
    return !each_pair(query(), [](std::string_view name, std::string_view value) {
        return !decode(name, true) || !decode(value, true);
    });
}

std::vector<std::string> target::query_values(std::string_view name) const {
    std::vector<std::string> found;
    each_value(query(), name, [&found](std::string value) {
        found.push_back(std::move(value));
        return false;
    });
    return found;
}

} // namespace rill
