#include <rill/base/text.hpp>
#include <rill/http/cookie.hpp>
#include <rill/http/detail/syntax.hpp>
#include <rill/http/error.hpp>

namespace rill {

std::optional<std::string_view> cookie(const fields& of, std::string_view name) noexcept {
    for (const auto f : of) {
        if (!equals_ignoring_case(f.name, "cookie")) continue;
        for (auto list = f.value; !list.empty();) {
            const auto end = list.find(';');
            const auto pair = list.substr(0, end);
            list.remove_prefix(end == list.npos ? list.size() : end + 1);
            const auto equals = pair.find('=');
            if (equals != pair.npos && trim(pair.substr(0, equals)) == name)
                return trim(pair.substr(equals + 1));
        }
    }
    return std::nullopt;
}

std::string set_cookie(std::string_view name, std::string_view value, const cookie_options& options) {
    if (!detail::is_token(name)) throw error{http_errc::invalid_cookie_name, "Set-Cookie"};
    const auto where = "Set-Cookie " + std::string{name};
    if (!detail::all(value, detail::cookie_octet)) throw error{http_errc::invalid_cookie_value, where};
    if (!options.path.starts_with('/') || !detail::all(options.path, detail::target_char) ||
        options.path.find(';') != std::string_view::npos)
        throw error{http_errc::invalid_cookie_path, where};
    if (options.same_site == same_site::none && !options.secure)
        throw error{http_errc::insecure_cookie, where};

    std::string out{name};
    out.append("=").append(value).append("; Path=").append(options.path);
    if (options.max_age) out.append("; Max-Age=").append(std::to_string(options.max_age->count()));
    if (options.secure) out += "; Secure";
    if (options.http_only) out += "; HttpOnly";
    switch (options.same_site) {
    case same_site::lax: out += "; SameSite=Lax"; break;
    case same_site::strict: out += "; SameSite=Strict"; break;
    case same_site::none: out += "; SameSite=None"; break;
    }
    return out;
}

} // namespace rill
