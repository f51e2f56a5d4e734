#pragma once

#include <rill/base/export.hpp>
#include <rill/base/text.hpp>
#include <rill/coro/elements.hpp>
#include <rill/coro/event_stream.hpp>
#include <rill/coro/task.hpp>
#include <rill/http/fields.hpp>
#include <rill/http/response.hpp>
#include <rill/http/status.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <variant>

namespace rill {

class sse_writer;

/// What a handler answers with: a status, header fields, and a body that is nothing, bytes or a stream of
/// events.
///
/// **Example**
///
///     co_return rill::status::no_content;
///     co_return rill::response::text("Hello, World!");
///     co_return rill::response{ticks(request)}.set("Set-Cookie", "seen=1");
class RILL_EXPORT response {
public:
    /// A handler that is given its writer; it runs once the answer begins.
    using writing = std::function<task<void>(sse_writer&)>;
    using body_type = std::variant<std::string, event_stream, writing, elements>;

    /// No body.
    response(rill::status code = rill::status::ok) : head_{code} {} // NOLINT(google-explicit-constructor)

    /// 200 with the events of `events`, whose handler runs once the answer begins.
    response(event_stream events); // NOLINT(google-explicit-constructor)

    /// 200 with the events that `handler` writes.
    explicit response(writing handler);

    /// 200 with events that come encoded: what `elements_of` makes of a subscription.
    response(elements events); // NOLINT(google-explicit-constructor)

    /// `body` as `text/plain; charset=utf-8`.
    [[nodiscard]] static response text(std::string body, rill::status code = rill::status::ok);
    template <detail::converts_to_anything T>
    static response text(T&&, rill::status = rill::status::ok) {
        return refuse<T>();
    }
    /// `body` as `text/html; charset=utf-8`.
    [[nodiscard]] static response html(std::string body, rill::status code = rill::status::ok);
    template <detail::converts_to_anything T>
    static response html(T&&, rill::status = rill::status::ok) {
        return refuse<T>();
    }
    /// `body` as `application/json`: `json.dump()` of a nlohmann::json.
    [[nodiscard]] static response json(std::string body, rill::status code = rill::status::ok);
    template <detail::converts_to_anything T>
    static response json(T&&, rill::status = rill::status::ok) {
        return refuse<T>();
    }
    /// `body` as any media type. Throws `rill::error` if `content_type` is no field value.
    [[nodiscard]] static response bytes(std::string body, std::string_view content_type);
    template <detail::converts_to_anything T>
    static response bytes(T&&, std::string_view) {
        return refuse<T>();
    }

    [[nodiscard]] rill::status status() const noexcept { return head_.status; }
    [[nodiscard]] rill::fields& fields() noexcept { return head_.fields; }
    [[nodiscard]] const rill::fields& fields() const noexcept { return head_.fields; }

    /// Sets a header field in place of those of its name. Throws `rill::error` with an `http_errc` if `name`
    /// is no token or `value` has control characters in it. `Content-Length`, `Transfer-Encoding` and
    /// `Connection` are the connection's own: what is set here is not sent.
    response& set(std::string_view name, std::string_view value) &;
    response&& set(std::string_view name, std::string_view value) &&;

    [[nodiscard]] response_head& head() noexcept { return head_; }
    [[nodiscard]] body_type& body() noexcept { return body_; }

private:
    response(std::string body, std::string_view known_type, rill::status code);
    template <typename T>
    static response refuse() {
        detail::refuse_text<T>();
        return {};
    }

    response_head head_;
    body_type body_;
};

} // namespace rill
