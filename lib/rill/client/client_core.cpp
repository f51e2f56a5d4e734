#include <rill/base/error.hpp>
#include <rill/base/text.hpp>
#include <rill/client/detail/client_core.hpp>
#include <rill/client/detail/exchange_in_flight.hpp>
#include <rill/client/detail/idempotent.hpp>
#include <rill/http/detail/framing_fields.hpp>
#include <rill/http/detail/media_type.hpp>

#include <asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace rill::detail {
namespace {

/// Whether the request says this itself.
bool is_own_field(std::string_view name) noexcept {
    return is_framing_field(name) || equals_ignoring_case(name, "host");
}

/// What another origin must not get to see.
bool is_secret(std::string_view name) noexcept {
    for (const std::string_view each : {"authorization", "cookie", "proxy-authorization"})
        if (equals_ignoring_case(name, each)) return true;
    return false;
}

/// Whether a request with this method and no body says so (RFC 9110 §8.6).
bool wants_length(method verb) noexcept {
    return verb == method::post || verb == method::put || verb == method::patch;
}

bool is_redirect(status code) noexcept {
    using enum status;
    for (const auto each : {moved_permanently, found, see_other, temporary_redirect, permanent_redirect})
        if (code == each) return true;
    return false;
}

/// RFC 9110 §15.4.
bool becomes_get(status code, method verb) noexcept {
    if (verb == method::get || verb == method::head) return false;
    return code == status::see_other ||
           (verb == method::post && (code == status::moved_permanently || code == status::found));
}

client_request as_get(const client_request& request) {
    client_request get{method::get, request.url()};
    for (const auto& [name, value] : request.fields())
        if (name.size() < 8 || !equals_ignoring_case(name.substr(0, 8), "content-")) get.set(name, value);
    return get;
}

/// A URL that is none, without what might be the userinfo in it.
std::string harmless(std::string_view text) {
    const auto scheme = text.find("://");
    const auto begin = scheme == text.npos ? 0 : scheme + 3;
    const auto at = text.rfind('@');
    if (at == text.npos || at < begin) return std::string{text};
    return fmt::format("{}...{}", text.substr(0, begin), text.substr(at));
}

/// Why `text` is not a URL that can be asked, and what it is, without secrets.
std::string refusal_of(std::string_view text) {
    const auto shown = harmless(text);
    const auto scheme = text.substr(0, std::min(text.find("://"), text.find_first_of("/?#")));
    const auto with = [&shown](std::string_view why) { return fmt::format("{}: {}", shown, why); };
    if (scheme.size() < text.size() && text.substr(scheme.size()).starts_with("://") &&
        !equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https"))
        return with(fmt::format("the scheme is {}, and only http and https are spoken", scheme));
    const auto begin = text.find("//");
    if (begin != text.npos) {
        const auto authority = text.substr(begin + 2, text.find_first_of("/?#", begin + 2) - begin - 2);
        const auto host = authority.substr(authority.rfind('@') + 1);
        if (std::ranges::any_of(host, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
            return with("a host beyond ASCII must be given in its IDNA form (xn--...)");
    }
    if (text.find(' ') != text.npos) return with("a space is written as %20");
    return std::string{shown};
}

/// What is kept of the options must not refer to the caller's texts.
client_options without_views(client_options options) noexcept {
    options.ca_file = options.certificate = options.private_key = {};
    return options;
}

limits bounds_of(const client_options& options) noexcept {
    limits bounds;
    bounds.max_head = options.max_head;
    bounds.max_fields = options.max_fields;
    return bounds;
}

const char* environment(const char* name) {
    return std::getenv(name); // NOLINT(concurrency-mt-unsafe): as everybody reads it
}

} // namespace

client_core::client_core(std::string_view base, const client_options& options)
    : options_{without_views(options)},
      bounds_{bounds_of(options)},
      proxies_{options.environment_proxies ? proxies{environment} : proxies{}},
      pool_{std::make_shared<connection_pool>(options.pool_size, options.pool_time)} {
    // Files are read at once, since the caller named them. The system's authorities take milliseconds: they
    // are read for the first request that needs them.
    if (!options.ca_file.empty() || !options.certificate.empty() || !options.private_key.empty())
        std::call_once(tls_made_, [&] { tls_ = make_tls_context(options); });
    if (base.empty()) return;
    base_ = url::parse(base);
    if (!base_) throw error{client_errc::invalid_url, refusal_of(base)};
}

const tls_context* client_core::tls() {
    std::call_once(tls_made_, [this] { tls_ = make_tls_context(options_); });
    return tls_.get();
}

url client_core::where(const client_request& request) const {
    auto to = base_ ? base_->resolve(request.url()) : url::parse(request.url());
    if (!to) throw error{client_errc::invalid_url, refusal_of(request.url())};
    return *std::move(to);
}

/// The head of a request. With a proxy, which has to know where it goes, the target is the whole URL, without
/// a zone (RFC 6874 §4).
std::string client_core::head_of(const client_request& request, const url& to, const url& first) const {
    const bool same_origin = to.origin() == first.origin();
    const bool ours = base_ ? to.origin() == base_->origin() : same_origin;
    const auto* const by = to.secure() ? nullptr : proxy_for(to);
    std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", to_string(request.method()),
                                   by != nullptr ? fmt::format("http://{}{}", to.authority(), to.target())
                                                 : std::string{to.target()},
                                   to.authority());
    const auto add = [&head](std::string_view name, std::string_view value) {
        fmt::format_to(std::back_inserter(head), "{}: {}\r\n", name, value);
    };
    const auto& own = request.fields();
    for (const auto& [name, value] : own)
        if (!is_own_field(name) && (same_origin || !is_secret(name))) add(name, value);
    if (ours)
        for (const auto& [name, value] : defaults)
            if (!is_own_field(name) && !own.contains(name)) add(name, value);
    const auto lacks = [&](std::string_view name) {
        return !own.contains(name) && !(ours && defaults.contains(name));
    };
    if (lacks("Accept")) add("Accept", "*/*");
    if (lacks("Cache-Control") && accepts_event_stream(ours && !own.contains("Accept") ? defaults : own))
        add("Cache-Control", "no-cache");                             // as browsers ask for event streams
    if (lacks("Accept-Encoding")) add("Accept-Encoding", "identity"); // else a server may choose any
    if (lacks("User-Agent")) add("User-Agent", "rill");
    if (same_origin && lacks("Authorization"))
        if (const auto value = basic_authorization(to.userinfo()); !value.empty())
            add("Authorization", value);
    if (by != nullptr && !by->authorization.empty()) add("Proxy-Authorization", by->authorization);
    if (request.has_body() || wants_length(request.method()))
        add("Content-Length", std::to_string(request.body().size()));
    head += "\r\n";
    return head;
}

std::string_view client_core::codings_wanted(const client_request& request) const {
    const auto own = request.fields().find("Accept-Encoding");
    return own ? *own : defaults.find("Accept-Encoding").value_or("");
}

task<std::unique_ptr<exchange_in_flight>> client_core::send(client_request request, interrupt* by,
                                                            bool* sent) {
    const auto self = shared_from_this();
    const auto executor = co_await asio::this_coro::executor;
    const auto first = where(request);
    auto to = first;
    bool has_left = false;
    auto& left = sent != nullptr ? *sent : has_left;
    for (unsigned redirects = 0;; ++redirects) {
        auto flight = std::make_unique<exchange_in_flight>(self, executor, request, to, by);
        // A server that redirects often closes the connection behind that, and what it may have got cannot
        // be sent once more.
        if (redirects > 0 && !is_idempotent(request.method())) flight->avoid_idle();
        const auto head = head_of(request, to, first);
        co_await flight->run(head, request.body(), left);
        const auto code = flight->head().status;
        if (!is_redirect(code) || options_.max_redirects == 0) co_return flight;

        const auto location = flight->head().fields.find("location");
        const auto next = location ? to.resolve(*location) : std::nullopt;
        const bool leaves = next && next->origin() != to.origin();
        if (leaves && !options_.redirects_across_origins) co_return flight;
        const auto what = fmt::format("{} {}", to_string(request.method()), to.str());
        if (!next)
            throw error{client_errc::invalid_redirect,
                        fmt::format("{}: {}", what, location ? refusal_of(*location) : "no Location")};
        if (redirects == options_.max_redirects) throw error{client_errc::too_many_redirects, what};
        co_await flight->discard();
        if (becomes_get(code, request.method())) request = as_get(request);
        to = *next;
    }
}

} // namespace rill::detail
