#pragma once

#include <rill/app/http_error.hpp>
#include <rill/base/export.hpp>
#include <rill/base/text.hpp>
#include <rill/coro/task.hpp>
#include <rill/http/fields.hpp>
#include <rill/http/limits.hpp>
#include <rill/http/method.hpp>
#include <rill/http/request.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rill {

namespace detail {
class request_source;
struct route;
struct request_access;
} // namespace detail

/// The request that a handler answers. It lives until the answer is complete: a handler that streams may use
/// it for as long as it runs, and so are all views it gives valid for so long. It belongs to the handler's
/// thread.
class RILL_EXPORT request {
public:
    request(const request&) = delete;
    request& operator=(const request&) = delete;

    [[nodiscard]] rill::method method() const noexcept { return head_.method; }

    /// The path of the target as it was sent, percent-encoded, without dot segments (RFC 3986 §5.2.4).
    [[nodiscard]] std::string_view path() const noexcept { return head_.target.path(); }

    /// The host that the request is for, with its port if it was given (RFC 9112 §3.2); may be empty for
    /// HTTP/1.0, and over a Unix socket. If a proxy of `server_options::trust_proxy` says which host its own
    /// client asked for, it is that one: the last value of `X-Forwarded-Host`, or the `host` of `Forwarded`.
    /// It has the form of a `Host` field, whoever sent it.
    [[nodiscard]] std::string_view host() const;

    [[nodiscard]] const rill::fields& fields() const noexcept { return head_.fields; }

    /// The first value of a header field; names match without regard to case.
    [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const {
        return head_.fields.find(name);
    }

    /// The value of a cookie (RFC 6265 §4.2), the first one of that name.
    [[nodiscard]] std::optional<std::string_view> cookie(std::string_view name) const;

    /// The part of the path that `{name}` or `{name...}` of the route stands for, percent-decoded, as a `T`.
    ///
    /// A `%2F` in the target is a slash here, so that a text may hold any path, `../` too: do not take it for
    /// the name of a file unchecked. What `{name...}` stands for has no segments `.` and `..`: such a target
    /// has no route.
    ///
    /// Throws `http_error` 400 if it cannot be read as one, and `std::logic_error` if the route has no such
    /// name.
    ///
    /// **Example**
    ///
    ///     routes.get("/users/{id}", [](rill::request& request) -> rill::response {
    ///         return rill::response::text(load(request.param<std::uint64_t>("id")));
    ///     });
    template <parsable T = std::string>
    [[nodiscard]] T param(std::string_view name) const {
        return read<T>("the path's", name, raw_param(name));
    }

    /// A value of the query, decoded as forms are (`a=1&b=x+y`), as a `T`: the first of that name, or
    /// nothing. Throws `http_error` 400 if it is there and cannot be read as a `T`, and if anything in the
    /// query is not UTF-8: what cannot be read is not taken for absent.
    template <parsable T = std::string>
    [[nodiscard]] std::optional<T> query(std::string_view name) const {
        const auto text = query_text(name);
        if (!text) return std::nullopt;
        return read<T>("the query's", name, *text);
    }

    /// The id of the last event that the client saw (WHATWG HTML §9.2.4), empty for a new client. The header
    /// field wins over `?last_event_id=` and `?lastEventId=`. It comes from the client: it is not to be
    /// trusted. Throws `http_error` 400 if it is longer than `limits::max_last_event_id`, is no UTF-8 or has
    /// a NUL; and, without the header field, if anything in the query is not UTF-8.
    [[nodiscard]] std::string last_event_id() const;

    /// Whether it asks for an event stream: a GET or HEAD whose `Accept` names `text/event-stream`, as
    /// `EventSource` does (WHATWG HTML §9.2.2). A POST that does has a client which looks at the status.
    [[nodiscard]] bool wants_events() const;

    /// The peer of the connection, as `127.0.0.1:51234`, `[::1]:51234` or `unix`. Behind a proxy that is the
    /// proxy, unless it names its client in the PROXY protocol: see `server_options::proxy_protocol`.
    /// `unknown` where the system does not tell any more, because the connection has ended.
    [[nodiscard]] std::string remote_address() const;

    /// Who sent the request: the address without port, as `192.0.2.7`, `2001:db8::1` (RFC 5952, without a
    /// zone) or `unix`. IPv4 addresses mapped into IPv6 are IPv4 here.
    ///
    /// It is that of `remote_address`, unless this is an address of `server_options::trust_proxy`. Then it is
    /// what the proxies say, in `X-Forwarded-For` or `Forwarded`: from the last entry to the left, the first
    /// address that is not trusted itself. An entry that is not an address (`unknown`, `_hidden`) ends the
    /// search with the address before it. Ports are left out.
    [[nodiscard]] std::string client_address() const;

    /// `https` or `http`: what the client spoke. It is what was spoken to this server
    /// (`server_options::tls`), unless a proxy of `server_options::trust_proxy` says something else: in the
    /// last value of `X-Forwarded-Proto`, or the `proto` of `Forwarded`.
    [[nodiscard]] std::string_view scheme() const;

    /// Whether `scheme` is `https`.
    [[nodiscard]] bool secure() const { return scheme() == "https"; }

    /// Whether the server is about to stop: `server::announce_stop` or `server::stop` was called. For health
    /// checks: see `health`.
    [[nodiscard]] bool stopping() const noexcept;

    /// The whole body. Throws `http_error`: 413 if it is larger than the route allows, 408 if it comes too
    /// slowly, 400 if its framing is broken. The body is given once: a second call gives an empty one.
    [[nodiscard]] task<std::string> bytes();

    /// The whole body as text: `bytes()`, and `http_error` 400 if it is not UTF-8.
    [[nodiscard]] task<std::string> text();

private:
    friend detail::request_access;
    request(detail::request_source& source, const limits& bounds) noexcept
        : source_{source}, limits_{bounds} {}

    [[nodiscard]] std::optional<std::string> query_text(std::string_view name) const;
    [[nodiscard]] const std::string& raw_param(std::string_view name) const;
    [[noreturn]] static void refuse(const char* whose, std::string_view name, std::string_view text);

    template <parsable T>
    static T read(const char* whose, std::string_view name, const std::string& text) {
        if (auto value = parse<T>(text)) return *std::move(value);
        refuse(whose, name, text);
    }

    detail::request_source& source_;
    const limits& limits_;
    const detail::route* route_ = nullptr; ///< what answers; set by the router
    std::uint64_t allowed_ = 0;            ///< where nothing does: the methods that the path has, a bit each
    request_head head_;
    std::vector<std::string> params_; ///< in the order of the route's names
};

} // namespace rill
