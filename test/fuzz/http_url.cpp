// A line with a URL and one with a reference: what is taken is spelt in one way, and what is resolved against
// it is a URL again.

#include <rill/http/target.hpp>
#include <rill/http/url.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

/// What a request, its `Host` and a log may have in them.
void check(const rill::url& url) {
    const auto text = url.str();
    require(std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; }));
    require(url.port() != 0 && !url.host().empty());
    require(url.host().find_first_of("/?#@[]\\ ") == std::string_view::npos);
    require(url.host().find('%') == std::string_view::npos || url.host().find(':') < url.host().find('%'));
    const auto again = rill::url::parse(text);
    require(again && again->str() == text && again->userinfo().empty());
    require(again->host() == url.host() && again->port() == url.port() && again->target() == url.target());
    require(again->secure() == url.secure() && again->origin() == url.origin());

    const auto target = rill::target::parse(url.target());
    require(target && target->form() == rill::target_form::origin && target->raw() == url.target());
    require(url.target().starts_with(target->path()));       // it has no dot segments left
    require(url.authority().find('%') == std::string::npos); // a zone is told to nobody
    const auto absolute = rill::target::parse("http://" + url.authority() + std::string{url.target()});
    require(absolute && absolute->authority() == url.authority());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    const auto line_end = bytes.find('\n');
    const auto url = rill::url::parse(bytes.substr(0, line_end));
    if (!url) return 0;
    check(*url);
    require(url->resolve("")->str() == url->str());
    require(url->resolve(url->str())->str() == url->str());
    require(url->resolve(url->target().starts_with("//") ? "#" : url->target())->str() == url->str());
    if (line_end == bytes.npos) return 0;
    if (const auto resolved = url->resolve(bytes.substr(line_end + 1))) check(*resolved);
    return 0;
}
