#include <rill/app/response.hpp>

#include <utility>

namespace rill {
namespace {

/// What tells browsers, proxies and caches to pass each event on as it comes.
void set_stream_fields(fields& fields) {
    fields.add_unchecked("Content-Type", "text/event-stream");
    fields.add_unchecked("Cache-Control", "no-store, no-transform");
    fields.add_unchecked("X-Accel-Buffering", "no");
}

} // namespace

response::response(event_stream events) : body_{std::move(events)} {
    set_stream_fields(head_.fields);
}

response::response(writing handler) : body_{std::move(handler)} {
    set_stream_fields(head_.fields);
}

response::response(elements events) : body_{std::move(events)} {
    set_stream_fields(head_.fields);
}

response::response(std::string body, std::string_view known_type, rill::status code)
    : head_{code}, body_{std::move(body)} {
    if (!known_type.empty()) head_.fields.add_unchecked("Content-Type", known_type);
}

response response::text(std::string body, rill::status code) {
    return {std::move(body), "text/plain; charset=utf-8", code};
}

response response::html(std::string body, rill::status code) {
    return {std::move(body), "text/html; charset=utf-8", code};
}

response response::json(std::string body, rill::status code) {
    return {std::move(body), "application/json", code};
}

response response::bytes(std::string body, std::string_view content_type) {
    response r{std::move(body), {}, rill::status::ok};
    r.head_.fields.add("Content-Type", content_type);
    return r;
}

response& response::set(std::string_view name, std::string_view value) & {
    head_.fields.set(name, value);
    return *this;
}

response&& response::set(std::string_view name, std::string_view value) && {
    head_.fields.set(name, value);
    return std::move(*this);
}

} // namespace rill
