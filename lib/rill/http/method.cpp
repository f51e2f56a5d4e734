#include <rill/http/method.hpp>

#include <array>
#include <cstddef>

namespace rill {
namespace {

constexpr std::array<std::string_view, 34> names{
    "GET",     "HEAD",      "POST",     "PUT",       "PATCH",      "DELETE",      "OPTIONS",
    "CONNECT", "TRACE",     "QUERY",    "ACL",       "BIND",       "CHECKOUT",    "COPY",
    "LINK",    "LOCK",      "M-SEARCH", "MERGE",     "MKACTIVITY", "MKCALENDAR",  "MKCOL",
    "MOVE",    "NOTIFY",    "PROPFIND", "PROPPATCH", "PURGE",      "REBIND",      "REPORT",
    "SEARCH",  "SUBSCRIBE", "UNBIND",   "UNLINK",    "UNLOCK",     "UNSUBSCRIBE",
};
static_assert(names.size() == static_cast<std::size_t>(method::unsubscribe) + 1);

} // namespace

std::string_view to_string(method m) noexcept {
    return names[static_cast<std::size_t>(m)];
}

std::optional<method> parse_method(std::string_view name) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) // the frequent ones come first
        if (names[i] == name) return static_cast<method>(i);
    return std::nullopt;
}

} // namespace rill
