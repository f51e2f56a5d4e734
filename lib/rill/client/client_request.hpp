#pragma once

#include <rill/base/export.hpp>
#include <rill/base/text.hpp>
#include <rill/http/fields.hpp>
#include <rill/http/method.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace rill {

/// What a client asks for. It owns its texts.
///
/// **Example**
///
///     auto answer = co_await client.send(rill::client_request{rill::method::post, "/v1/chat/completions"}
///                                            .set("Authorization", "Bearer " + key)
///                                            .body(json, "application/json"));
class RILL_EXPORT client_request {
public:
    /// `url` is absolute, or relative to the base of the client that sends it (RFC 3986 §4.2).
    client_request(rill::method verb, std::string_view url) : method_{verb}, url_{url} {}

    /// Sets a header field in place of those of its name. Throws `rill::error` with an `http_errc` if `name`
    /// is no token or `value` has control characters in it. `Host`, `Connection`, `Content-Length` and
    /// `Transfer-Encoding` are the connection's own: what is set here is not sent.
    client_request& set(std::string_view name, std::string_view value) & {
        fields_.set(name, value);
        return *this;
    }
    client_request&& set(std::string_view name, std::string_view value) && {
        fields_.set(name, value);
        return std::move(*this);
    }

    /// Sets the body, and `Content-Type` unless `content_type` is empty. Without this a request has no body.
    client_request& body(std::string bytes, std::string_view content_type) &;
    client_request&& body(std::string bytes, std::string_view content_type) && {
        return std::move(body(std::move(bytes), content_type));
    }
    template <detail::converts_to_anything T>
    client_request&& body(T&&, std::string_view) {
        detail::refuse_text<T>();
        return std::move(*this);
    }

    [[nodiscard]] rill::method method() const noexcept { return method_; }
    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    [[nodiscard]] const rill::fields& fields() const noexcept { return fields_; }
    /// Empty if there is none.
    [[nodiscard]] const std::string& body() const noexcept { return body_; }
    /// Whether a body was set, if only an empty one.
    [[nodiscard]] bool has_body() const noexcept { return has_body_; }

private:
    rill::method method_;
    bool has_body_ = false;
    std::string url_;
    rill::fields fields_;
    std::string body_;
};

} // namespace rill
