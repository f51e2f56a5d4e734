#include <rill/base/text.hpp>
#include <rill/http/detail/forwarded.hpp>
#include <rill/http/detail/syntax.hpp>

#include <algorithm>
#include <ranges>

namespace rill::detail {
namespace {

/// Calls `take` with the elements of a list, all lines of it, from the last one on, until it returns false.
/// Empty ones are left out (RFC 9110 §5.6.1.2).
template <typename Take>
void from_the_right(const fields& fields, std::string_view name, Take take) {
    for (auto at = fields.end(); at != fields.begin();) {
        const auto line = *--at;
        if (!equals_ignoring_case(line.name, name)) continue;
        for (auto left = line.value; !left.empty();) {
            const auto comma = left.rfind(',');
            const auto element = trim(comma == left.npos ? left : left.substr(comma + 1));
            left = left.substr(0, comma == left.npos ? 0 : comma);
            if (!element.empty() && !take(element)) return;
        }
    }
}

std::string_view last_of(const fields& fields, std::string_view name) {
    std::string_view last;
    from_the_right(fields, name, [&](std::string_view element) {
        last = element;
        return false;
    });
    return last;
}

std::string_view scheme_of(std::string_view text) noexcept {
    if (equals_ignoring_case(text, "https")) return "https";
    if (equals_ignoring_case(text, "http")) return "http";
    return {};
}

std::string_view host_of(std::string_view text) noexcept {
    return is_host(text) ? text : std::string_view{};
}

/// The address that an entry is; nothing for `unknown`, an obfuscated one (RFC 7239 §6.3) and other texts.
std::optional<peer_address> address_of(std::string_view entry) {
    const auto address = peer_address::parse(entry);
    return address && address->of == peer_address::kind::ip ? address : std::nullopt;
}

/// Goes from `at` to the one that `entry` says was before it. False at the end of the way.
bool step_to(peer_address& at, std::string_view entry, const networks& trusted) {
    if (!trusted.contains(at)) return false;
    const auto before = address_of(entry);
    if (before) at = *before;
    return before.has_value();
}

provenance by_x_forwarded(const fields& fields, const connection_ends& ends, const networks& trusted) {
    provenance found{.client = ends.client};
    from_the_right(fields, "X-Forwarded-For",
                   [&](std::string_view entry) { return step_to(found.client, entry, trusted); });
    found.scheme = scheme_of(last_of(fields, "X-Forwarded-Proto"));
    found.host = host_of(last_of(fields, "X-Forwarded-Host"));
    return found;
}

/// A node of `Forwarded` without its port, if that is obfuscated (RFC 7239 §6.3), as in `192.0.2.7:_p80`.
std::string_view without_hidden_port(std::string_view node) noexcept {
    const auto colon = node.rfind(":_");
    return colon == node.npos || colon + 2 == node.size() || !all(node.substr(colon + 1), token_char)
               ? node
               : node.substr(0, colon);
}

provenance by_forwarded(const fields& fields, const connection_ends& ends, const networks& trusted) {
    provenance found{.client = ends.client};
    for (auto at = fields.end(); at != fields.begin();) {
        const auto line = *--at;
        if (!equals_ignoring_case(line.name, "Forwarded")) continue;
        const auto elements = parse_forwarded(line.value);
        if (!elements) return found;
        for (const auto& each : std::views::reverse(*elements)) {
            if (const auto scheme = scheme_of(each.proto); !scheme.empty()) found.scheme = scheme;
            if (const auto host = host_of(each.host); !host.empty()) found.host = host;
            // The next element is to be believed if a trusted proxy has added it.
            if (!step_to(found.client, without_hidden_port(each.client), trusted) ||
                !trusted.contains(found.client))
                return found;
        }
    }
    return found;
}

/// Takes a parameter off the beginning of `text`: a name, `=`, and a token or a quoted text without quotes.
std::optional<field> take_pair(std::string_view& text) {
    const auto name = text.substr(0, span(text, token_char));
    text.remove_prefix(name.size());
    if (name.empty() || !text.starts_with('=')) return std::nullopt;
    text.remove_prefix(1);
    if (!text.starts_with('"')) {
        const auto value = text.substr(0, span(text, token_char));
        text.remove_prefix(value.size());
        return value.empty() ? std::nullopt : std::optional{field{name, value}};
    }
    const auto end = text.find('"', 1);
    if (end == text.npos) return std::nullopt;
    const auto value = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    return value.find('\\') == value.npos ? std::optional{field{name, value}} : std::nullopt;
}

/// Puts a parameter into its place. False if that has one already.
bool put(forwarded_element& element, const field& pair) {
    for (const auto& [name, place] : {std::pair{std::string_view{"for"}, &element.client},
                                      std::pair{std::string_view{"proto"}, &element.proto},
                                      std::pair{std::string_view{"host"}, &element.host}}) {
        if (!equals_ignoring_case(pair.name, name)) continue;
        if (place->data()) return false;
        *place = pair.value;
    }
    return true;
}

void skip_blanks(std::string_view& text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// Takes parameters with semicolons between them, up to a comma or the end.
std::optional<forwarded_element> take_element(std::string_view& text) {
    forwarded_element element;
    while (!text.empty() && text.front() != ',') {
        if (text.front() != ';') {
            const auto pair = take_pair(text);
            if (!pair || !put(element, *pair)) return std::nullopt;
        }
        skip_blanks(text);
        if (text.empty() || text.front() == ',') break;
        if (text.front() != ';') return std::nullopt;
        text.remove_prefix(1);
        skip_blanks(text);
    }
    return element;
}

} // namespace

std::optional<std::vector<forwarded_element>> parse_forwarded(std::string_view value) {
    std::vector<forwarded_element> elements;
    for (;;) {
        skip_blanks(value);
        if (value.empty()) return elements;
        if (value.front() != ',') {
            const auto element = take_element(value);
            if (!element) return std::nullopt;
            elements.push_back(*element);
        }
        if (value.starts_with(',')) value.remove_prefix(1);
    }
}

provenance provenance_of(const fields& fields, const connection_ends& ends, const proxy_trust& trust) {
    const auto& trusted = trust.proxies;
    if (!trusted.contains(ends.client) && !trusted.contains(ends.neighbour)) return {.client = ends.client};
    return trust.fields == forwarded_fields::forwarded ? by_forwarded(fields, ends, trusted)
                                                       : by_x_forwarded(fields, ends, trusted);
}

} // namespace rill::detail
