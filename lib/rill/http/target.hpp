#pragma once

#include <rill/base/export.hpp>
#include <rill/http/method.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rill {

/// How a request names what it is for (RFC 9112 §3.2).
enum class target_form : std::uint8_t {
    origin,    ///< `/path?query`
    absolute,  ///< `http://authority/path?query`; its authority goes before `Host`
    authority, ///< `host:port`, of CONNECT only
    asterisk,  ///< `*`, of OPTIONS only
};

/// The target of a request, taken apart.
///
/// Refused are: controls, spaces and bytes that are not ASCII, a fragment, a percent sign that begins no
/// escape, a path without a slash in front, a scheme other than `http` and `https`, user information, and a
/// form that is not the method's. Other characters that a URI may not hold, as `|` and `{`, are taken:
/// browsers send them.
///
/// **Example**
///
///     auto t = rill::target::parse("/a/%2e%2E/room?name=J%C3%B6rg+K");
///     t->path();               // "/room"
///     t->query_value("name");  // "Jörg K"
class RILL_EXPORT target {
public:
    /// Takes `text` apart, which is copied; nothing if it is not the target of a request with method `m`.
    [[nodiscard]] static std::optional<target> parse(std::string_view text, method m = method::get);

    [[nodiscard]] target_form form() const noexcept { return form_; }

    /// The target as it was sent.
    [[nodiscard]] std::string_view raw() const noexcept { return {text_.data(), raw_size_}; }

    /// The path, still with its percent escapes, without `.` and `..` segments whether escaped or not
    /// (RFC 3986 §5.2.4; what climbs above the root stays there). It begins with a slash, may have empty
    /// segments, and is `*` in asterisk form and empty in authority form.
    [[nodiscard]] std::string_view path() const noexcept { return at(path_); }

    /// What follows the question mark, as it was sent; empty if nothing does.
    [[nodiscard]] std::string_view query() const noexcept { return at(query_); }

    /// The host and port of the absolute and of the authority form, else empty.
    [[nodiscard]] std::string_view authority() const noexcept { return at(authority_); }

    /// The value of the first pair with this name in the query, or nothing: decoded as a form's fields are
    /// (`application/x-www-form-urlencoded`), a plus is a space. A pair without `=` has an empty value; one
    /// whose name or value is not UTF-8 counts as absent.
    [[nodiscard]] std::optional<std::string> query_value(std::string_view name) const;

    /// The values of all such pairs, in their order.
    [[nodiscard]] std::vector<std::string> query_values(std::string_view name) const;

    /// Whether the query is UTF-8 once it is decoded, all names and values of it. For who must not take what
    /// it cannot read for absent.
    [[nodiscard]] bool has_utf8_query() const;

    /// Back to an empty target; keeps the memory for the next one.
    void clear() noexcept;

    /// Gives back the memory that the target does not need.
    void shrink_to_fit() { text_.shrink_to_fit(); }

    /// For parsers, which have the target in pieces: after `clear` any number of pieces, then `finish`, which
    /// is false if they make no target of a request with method `m`.
    void append(std::string_view piece) { text_.append(piece); }
    [[nodiscard]] bool finish(method m);

private:
    struct part {
        std::uint32_t offset = 0, size = 0;
    };
    [[nodiscard]] std::string_view at(part p) const noexcept {
        return std::string_view{text_}.substr(p.offset, p.size);
    }
    [[nodiscard]] part part_of(std::string_view inside) const noexcept;
    [[nodiscard]] bool take_absolute(std::string_view text);
    void take_path_and_query(std::string_view text);
    void set_path(std::string_view path);

    std::string text_; // as sent; behind it the path, if it had to be rewritten
    std::uint32_t raw_size_ = 0;
    part path_, query_, authority_;
    target_form form_ = target_form::origin;
};

/// `text` with its percent escapes decoded; nothing if a percent sign begins no escape, or if what comes out
/// is not UTF-8. A plus stays a plus, and `%00` gives a NUL.
[[nodiscard]] RILL_EXPORT std::optional<std::string> percent_decode(std::string_view text);

} // namespace rill
