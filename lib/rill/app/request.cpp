#include <rill/app/detail/request_source.hpp>
#include <rill/app/detail/route.hpp>
#include <rill/app/request.hpp>
#include <rill/http/cookie.hpp>
#include <rill/http/detail/media_type.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace rill {

std::optional<std::string_view> request::cookie(std::string_view name) const {
    return rill::cookie(head_.fields, name);
}

std::optional<std::string> request::query_text(std::string_view name) const {
    if (!head_.target.has_utf8_query()) throw http_error{status::bad_request, "the query is not UTF-8"};
    return head_.target.query_value(name);
}

const std::string& request::raw_param(std::string_view name) const {
    if (route_)
        if (const auto index = route_->path.index_of(name)) return params_[*index];
    throw std::logic_error{fmt::format("the route has no parameter '{}'", name)};
}

void request::refuse(const char* whose, std::string_view name, std::string_view text) {
    throw http_error{status::bad_request, fmt::format("{} '{}' cannot be '{}'", whose, name, text)};
}

std::string request::last_event_id() const {
    std::string id;
    if (const auto field = head_.fields.find("Last-Event-ID"))
        id = *field;
    else if (auto value = query_text("last_event_id"))
        id = *std::move(value);
    else
        id = query_text("lastEventId").value_or("");
    if (id.size() > limits_.max_last_event_id)
        throw http_error{status::bad_request,
                         fmt::format("the last event id is longer than {} bytes", limits_.max_last_event_id)};
    if (!is_utf8(id) || id.find('\0') != id.npos)
        throw http_error{status::bad_request, "the last event id is not UTF-8 without NUL"};
    return id;
}

bool request::wants_events() const {
    const bool reads = head_.method == method::get || head_.method == method::head;
    return reads && detail::accepts_event_stream(head_.fields);
}

std::string request::remote_address() const {
    return source_.remote_address();
}

std::string request::client_address() const {
    const auto ends = source_.ends();
    const auto* const trust = source_.trust();
    const auto client = trust ? detail::provenance_of(head_.fields, ends, *trust).client : ends.client;
    return client.of == detail::peer_address::kind::unknown ? source_.remote_address() : client.host();
}

std::string_view request::scheme() const {
    if (const auto* const trust = source_.trust())
        if (const auto said = detail::provenance_of(head_.fields, source_.ends(), *trust).scheme;
            !said.empty())
            return said;
    return source_.secure() ? "https" : "http";
}

std::string_view request::host() const {
    if (const auto* const trust = source_.trust())
        if (const auto said = detail::provenance_of(head_.fields, source_.ends(), *trust).host; !said.empty())
            return said;
    return head_.host();
}

bool request::stopping() const noexcept {
    return source_.stopping();
}

task<std::string> request::bytes() {
    return source_.read_body();
}

task<std::string> request::text() {
    auto body = co_await source_.read_body();
    if (!is_utf8(body)) throw http_error{status::bad_request, "the body is not UTF-8"};
    co_return body;
}

} // namespace rill
