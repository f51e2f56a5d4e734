#include <rill/app/same_origin.hpp>
#include <rill/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>

namespace rill {
namespace {

std::string lower(std::string_view text) {
    std::string result{text};
    std::ranges::transform(result, result.begin(), to_lower);
    return result;
}

/// A host, and the port behind it with its colon, or nothing.
struct authority {
    std::string_view host, port;

    explicit authority(std::string_view text) noexcept : host{text} {
        const auto colon = text.rfind(':');
        if (colon == text.npos || text.find(']', colon) != text.npos) return; // a colon of an IPv6 address
        host = text.substr(0, colon);
        port = text.substr(colon);
    }
};

bool is_loopback(std::string_view host) noexcept {
    if (host == "localhost" || host.ends_with(".localhost") || host == "[::1]") return true; // RFC 6761 §6.3
    if (!host.starts_with("127.")) return false;
    for (int left = 4; left > 0; --left) {
        const auto end = left > 1 ? host.find('.') : host.size();
        if (end == host.npos || !parse<std::uint8_t>(host.substr(0, end))) return false;
        host.remove_prefix(std::min(end + 1, host.size()));
    }
    return true;
}

/// `text` in lower case, without the port if the scheme has it by default; empty if it is no origin.
std::string normal_origin(std::string_view text) {
    const auto scheme_end = text.find("://");
    if (scheme_end == text.npos || scheme_end == 0) return {};
    const auto rest = text.substr(scheme_end + 3);
    const authority at{rest};
    if (at.host.empty() || at.port == ":" || rest.find_first_of("/?#@, \t") != rest.npos) return {};
    auto origin = lower(text);
    const std::string_view default_port = origin.starts_with("https://")  ? ":443"
                                          : origin.starts_with("http://") ? ":80"
                                                                          : "";
    if (!default_port.empty() && at.port == default_port) origin.resize(origin.size() - default_port.size());
    return origin;
}

/// Whether a page of `origin` was loaded from `host`, over whatever.
bool is_of(std::string_view origin, std::string_view host) {
    const auto normal = normal_origin(origin);
    const auto scheme = normal.substr(0, normal.find(':'));
    return !host.empty() && !normal.empty() && (scheme == "http" || scheme == "https") &&
           normal == normal_origin(fmt::format("{}://{}", scheme, host));
}

bool is_navigation(const request& request) {
    return (request.method() == method::get || request.method() == method::head) &&
           request.field("Sec-Fetch-Mode") == "navigate";
}

bool is_preflight(const request& request) {
    return request.method() == method::options && request.field("Origin") &&
           request.field("Access-Control-Request-Method");
}

/// Says to the browser that its page may have what it asks for.
void grant(const request& request, response& answer) {
    answer.set("Access-Control-Allow-Origin", *request.field("Origin"));
    answer.fields().add("Vary", "Origin");
    if (!is_preflight(request)) return;
    if (const auto methods = answer.fields().find("Allow"))
        answer.set("Access-Control-Allow-Methods", std::string{*methods});
    if (const auto names = request.field("Access-Control-Request-Headers"))
        answer.set("Access-Control-Allow-Headers", *names);
}

} // namespace

same_origin& same_origin::allow_host(std::string_view host) {
    const authority at{host};
    if (at.host.empty() || at.port == ":" || host.find_first_of("/?#@, \t") != host.npos)
        throw std::invalid_argument{fmt::format("'{}' is not a host", host)};
    hosts_.push_back(lower(host));
    any_host_ = false;
    return *this;
}

same_origin& same_origin::allow_loopback_hosts() noexcept {
    loopback_hosts_ = true;
    any_host_ = false;
    return *this;
}

same_origin& same_origin::allow_origin(std::string_view origin) {
    auto normal = normal_origin(origin);
    if (normal.empty())
        throw std::invalid_argument{fmt::format("'{}' is not an origin like https://example.com", origin)};
    origins_.push_back(std::move(normal));
    return *this;
}

same_origin& same_origin::leave_open(std::string_view path) {
    open_.emplace_back(path);
    return *this;
}

bool same_origin::is_allowed_host(std::string_view host) const {
    if (any_host_ || host.empty()) return true; // every browser names the host
    const auto name = lower(host);
    const authority at{name};
    return (loopback_hosts_ && is_loopback(at.host)) ||
           std::ranges::any_of(hosts_, [&](const auto& each) { return each == name || each == at.host; });
}

bool same_origin::is_allowed_origin(std::string_view origin) const {
    return std::ranges::find(origins_, normal_origin(origin)) != origins_.end();
}

/// What there is against the request; empty if there is nothing.
std::string_view same_origin::objection(const request& request) const {
    if (std::ranges::find(open_, request.path()) != open_.end()) return {};
    if (!is_allowed_host(request.host()))
        return "this host is not served here: the server must be told to allow it";
    const auto origins = request.fields().all("Origin");
    for (const auto origin : origins)
        if (!is_of(origin, request.host()) && !is_allowed_origin(origin))
            return "pages of this origin may not ask here: the server must be told to allow it";
    // A page of an allowed origin, too, has images and scripts fetched without `Origin`.
    if (!origins.empty() || !origins_.empty() || is_navigation(request)) return {};
    const auto site = request.field("Sec-Fetch-Site").value_or("none");
    if (site == "cross-site" || site == "same-site") return "pages of other origins may not ask here";
    return {};
}

task<response> same_origin::operator()(request& request, next next) const {
    if (const auto why = objection(request); !why.empty())
        co_return response::text(std::string{why}, status::forbidden);
    auto answer = co_await next(request);
    if (const auto origin = request.field("Origin"); origin && is_allowed_origin(*origin))
        grant(request, answer);
    co_return answer;
}

} // namespace rill
