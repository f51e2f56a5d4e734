#include <rill/app/detail/request_source.hpp>
#include <rill/app/detail/routing_table.hpp>
#include <rill/app/router.hpp>
#include <rill/base/error.hpp>
#include <rill/http/target.hpp>
#include <rill/sse/encode.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace rill {
namespace detail {
namespace {

constexpr std::uint64_t bit(method m) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(m);
}

/// What a route for any method may be asked for; CONNECT never reaches a route.
constexpr std::uint64_t every_method = ((bit(method::unsubscribe) << 1U) - 1) & ~bit(method::connect);

/// As good as never, and safe to add to any time.
constexpr std::chrono::milliseconds longest_keep_alive = std::chrono::years{1};

/// The methods of `set` as `Allow` lists them (RFC 9110 §10.2.1).
std::string list_of(std::uint64_t set) {
    if ((set & bit(method::get)) != 0) set |= bit(method::head);
    set |= bit(method::options);
    std::string list;
    for (unsigned i = 0; i < 64; ++i) {
        if ((set >> i & 1U) == 0) continue;
        if (!list.empty()) list += ", ";
        list += to_string(static_cast<method>(i));
    }
    return list;
}

/// Nothing if it is not UTF-8: then it is no path of ours.
std::optional<std::string> decoded(std::string_view segment) {
    if (segment.find('%') == segment.npos) return std::string{segment};
    return percent_decode(segment);
}

/// Whether `path` has a segment `.` or `..`, or a NUL, once it is decoded: such a path is none of a file
/// below another. The target's own dot segments have been removed; these hid behind a `%2F`.
bool may_climb(std::string_view path) {
    if (path.find('%') == path.npos) return false;
    const auto text = decoded(path).value_or("");
    for (std::string_view left = text;;) {
        const auto size = left.find('/');
        const auto segment = left.substr(0, size);
        if (segment == "." || segment == ".." || segment.find('\0') != segment.npos) return true;
        if (size == left.npos) return false;
        left.remove_prefix(size + 1);
    }
}

} // namespace

/// One walk down the tree, back and down again where a branch turns out to end without a route.
class routing_table::search {
public:
    search(method verb, std::vector<std::string>& params) noexcept : verb_{verb}, params_{params} {}

    /// `path` is what is left, beginning with the slash before its first segment, or empty at the end.
    const route* find(const node& at, std::string_view path) {
        if (path.empty()) return route_of(at);
        const auto end = std::min(path.find('/', 1), path.size());
        const auto segment = path.substr(1, end - 1);
        const auto left = path.substr(end);
        if (const auto* found = find_literal(at, segment, left)) return found;
        if (at.param && !segment.empty())
            if (const auto* found = find_with(*at.param, segment, left)) return found;
        const auto rest = path.substr(1);
        return at.rest && !may_climb(rest) ? find_with(*at.rest, rest, {}) : nullptr;
    }

    [[nodiscard]] std::uint64_t allowed() const noexcept { return allowed_; }

private:
    const route* find_literal(const node& at, std::string_view segment, std::string_view left) {
        auto found = at.literals.end();
        if (segment.find('%') == segment.npos)
            found = at.literals.find(segment);
        else if (const auto text = decoded(segment))
            found = at.literals.find(*text);
        return found == at.literals.end() ? nullptr : find(*found->second, left);
    }

    const route* find_with(const node& at, std::string_view param, std::string_view left) {
        auto text = decoded(param);
        if (!text) return nullptr;
        params_.push_back(*std::move(text));
        const auto* found = find(at, left);
        if (!found) params_.pop_back();
        return found;
    }

    const route* route_of(const node& at) {
        auto found = at.routes.find(verb_);
        if (found == at.routes.end() && verb_ == method::head) found = at.routes.find(method::get);
        if (found != at.routes.end()) return found->second.get();
        if (at.any) return at.any.get();
        for (const auto& [verb, unused] : at.routes) allowed_ |= bit(verb);
        return nullptr;
    }

    method verb_;
    std::vector<std::string>& params_;
    std::uint64_t allowed_ = 0;
};

void routing_table::add(std::optional<method> verb, std::string_view path,
                        std::unique_ptr<const endpoint> handler, const route_options& options) {
    pattern parsed{path};
    auto* at = &root_;
    for (const auto& segment : parsed.segments()) {
        auto& below = segment.kind == pattern::kind::literal ? at->literals[segment.text]
                      : segment.kind == pattern::kind::param ? at->param
                                                             : at->rest;
        if (!below) below = std::make_unique<node>();
        at = below.get();
    }
    auto& place = verb ? at->routes[*verb] : at->any;
    if (place)
        throw std::invalid_argument{fmt::format("the pattern '{}' has a route for {} already", path,
                                                verb ? to_string(*verb) : "any method")};
    std::string frame;
    try {
        encode(frame, {.comment = options.comment.data() ? options.comment : ""});
    } catch (const error& cause) {
        if (verb) at->routes.erase(*verb);
        throw std::invalid_argument{fmt::format("the pattern '{}': {}", path, cause.what())};
    }
    place = std::make_unique<route>(route{std::move(parsed), std::move(handler), options, std::move(frame)});
    place->options.comment = {};
    place->options.keep_alive = std::min(options.keep_alive, longest_keep_alive);
    all_methods_ |= verb ? bit(*verb) : every_method;
}

void routing_table::match(request& r) const {
    auto& params = request_access::params(r);
    params.clear();
    search search{r.method(), params};
    const bool has_path = r.path().starts_with('/'); // `OPTIONS *` has none, and asks about the whole server
    request_access::matched(r) = has_path ? search.find(root_, r.path()) : nullptr;
    request_access::allowed(r) = has_path ? search.allowed() : all_methods_;
}

outcome routing_table::invoke(request& r) const {
    if (layers_.empty()) return answer(r);
    return invoke_from(0, r);
}

task<response> routing_table::invoke_from(std::size_t depth, request& r) const {
    if (depth < layers_.size()) return layers_[depth]->invoke(r, next{*this, depth + 1});
    auto given = answer(r);
    if (auto* work = std::get_if<task<response>>(&given)) return std::move(*work);
    return [](response ready) -> task<response> { co_return ready; }(std::get<response>(std::move(given)));
}

outcome routing_table::answer(request& r) const {
    if (const auto* found = request_access::matched(r)) return found->handler->invoke(r);
    const auto allowed = request_access::allowed(r);
    if (allowed == 0) return response::text("Not Found", status::not_found);
    if (r.method() == method::options) return response{status::no_content}.set("Allow", list_of(allowed));
    return response::text("Method Not Allowed", status::method_not_allowed).set("Allow", list_of(allowed));
}

} // namespace detail

task<response> next::operator()(request& request) const {
    return table_->invoke_from(depth_, request);
}

router::router() : table_{std::make_unique<detail::routing_table>()} {}
router::router(router&&) noexcept = default;
router& router::operator=(router&&) noexcept = default;
router::~router() = default;

void router::add(std::optional<method> verb, std::string_view pattern,
                 std::unique_ptr<const detail::endpoint> handler, const route_options& options) {
    table_->add(verb, pattern, std::move(handler), options);
}

void router::add(std::unique_ptr<const detail::layer> around) {
    table_->add(std::move(around));
}

} // namespace rill
