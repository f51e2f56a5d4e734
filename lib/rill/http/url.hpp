#pragma once

#include <rill/base/export.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rill {

/// Where a client's request goes: an absolute URL of HTTP, taken apart and made of one spelling.
///
///     https://user:secret@example.com:8443/a/b?c=d#e
///             userinfo    host        port target    (the fragment is dropped: no server sees it)
///
/// Scheme and host come in lower case, `.` and `..` segments are removed whether escaped or not, and an empty
/// path is `/`. Letters beyond ASCII become the percent escapes of their UTF-8 (RFC 3987 §3.1), but in the
/// host: names have to come in their IDNA form, as `xn--bcher-kva.example` for `bücher.example`. The userinfo
/// ends at the last `@`, as for browsers. An IPv4 address in a form of its own, as `127.1` or `0x7f.1`,
/// becomes four decimal numbers, and an IPv6 address may have a zone, as `[fe80::1%25eth0]` (RFC 6874).
///
/// Refused are another scheme than `http` and `https`, no host, a port that is not 1 to 65535, controls and
/// spaces, what is not UTF-8, and a percent sign that begins no escape; also any other escape in the host,
/// which readers would take for different names.
///
/// **Example**
///
///     auto page = rill::url::parse("HTTPS://Example.com/a/../b?c#d");
///     page->str();                         // "https://example.com/b?c"
///     page->origin();                      // "https://example.com:443"
///     page->resolve("d?e")->target();      // "/d?e"
class RILL_EXPORT url {
public:
    /// Takes an absolute URL apart (RFC 3986 §3, RFC 9110 §4.2); nothing if `text` is none.
    [[nodiscard]] static std::optional<url> parse(std::string_view text);

    /// What `reference` means here (RFC 3986 §5.2), as the value of a `Location` does: an absolute URL,
    /// `//host/path`, `/path`, `path`, `?query`, or nothing but a fragment, which is this URL again. Spaces
    /// and bytes that are not ASCII become percent escapes but in the authority, since servers send them.
    /// Nothing if what comes out is no URL of HTTP.
    ///
    /// The userinfo stays with a reference that has no authority of its own, and with no other.
    [[nodiscard]] std::optional<url> resolve(std::string_view reference) const;

    // The views are valid until this URL is assigned to, moved from or destroyed.

    /// Whether the scheme is `https`.
    [[nodiscard]] bool secure() const noexcept { return secure_; }

    /// The name or address to connect to: an IPv6 address is without its brackets, and with its zone behind
    /// one percent sign, `fe80::1%eth0`.
    [[nodiscard]] std::string_view host() const noexcept { return host_; }

    /// The port to connect to, also where it is the scheme's own, 80 or 443.
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// The path and the query, with their escapes: what a request line has. It begins with a slash.
    [[nodiscard]] std::string_view target() const noexcept { return target_; }

    /// What stands before the `@`, with its escapes; empty if nothing does. A browser makes `Authorization`
    /// of it; it is never to be shown (RFC 9110 §4.2.4).
    [[nodiscard]] std::string_view userinfo() const noexcept { return userinfo_; }

    /// What `Host` says: the host, an IPv6 address in brackets and without its zone (RFC 6874 §4), and the
    /// port unless it is the scheme's own.
    [[nodiscard]] std::string authority() const;

    /// `https://host:port`, always with the port: equal exactly for URLs of the same origin (RFC 6454 §4).
    [[nodiscard]] std::string origin() const;

    /// The whole URL without its userinfo, fit to be shown and logged.
    [[nodiscard]] std::string str() const;

private:
    url() = default;
    [[nodiscard]] bool take_authority(std::string_view text);
    [[nodiscard]] bool take_target(std::string_view path, std::string_view query);
    [[nodiscard]] std::string written_host(std::string_view percent) const;
    [[nodiscard]] std::string own_port() const;

    std::string host_, target_, userinfo_;
    std::uint16_t port_ = 0;
    bool secure_ = false;
};

} // namespace rill
