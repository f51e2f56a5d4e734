#pragma once

#include <rill/base/export.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace rill {

/// The methods that are understood: those of RFC 9110 §9, PATCH, QUERY, and those of WebDAV, CalDAV, UPnP and
/// caches. A request with any other one is answered with 501.
enum class method : std::uint8_t {
    get,
    head,
    post,
    put,
    patch,
    delete_,
    options,
    connect,
    trace,
    query,
    acl,
    bind,
    checkout,
    copy,
    link,
    lock,
    m_search,
    merge,
    mkactivity,
    mkcalendar,
    mkcol,
    move,
    notify,
    propfind,
    proppatch,
    purge,
    rebind,
    report,
    search,
    subscribe,
    unbind,
    unlink,
    unlock,
    unsubscribe,
};

/// The name of `m` as it stands in a request, in upper case. It lives for ever.
[[nodiscard]] RILL_EXPORT std::string_view to_string(method m) noexcept;

/// The method with this name; nothing if there is none. Names are case-sensitive (RFC 9110 §9.1).
[[nodiscard]] RILL_EXPORT std::optional<method> parse_method(std::string_view name) noexcept;

} // namespace rill
