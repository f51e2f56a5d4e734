// The fields in which proxies say whose request they pass on: whatever a client writes into them, what a
// trusted proxy has added behind it counts, and nothing else comes of it than an address, a scheme and a
// host.

#include <rill/http/detail/forwarded.hpp>
#include <rill/http/detail/syntax.hpp>
#include <rill/http/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

namespace {

using namespace rill::detail;

void require(bool condition) {
    if (!condition) std::abort();
}

peer_address at(std::string_view text) {
    return *peer_address::parse(text);
}

provenance read(const rill::fields& fields, rill::forwarded_fields kind) {
    static const networks trusted{"10.0.0.0/8"};
    const auto found = provenance_of(fields, {at("10.0.0.1:1"), at("10.0.0.1:1")}, {trusted, kind});
    require(found.scheme.empty() || found.scheme == "http" || found.scheme == "https");
    require(found.host.empty() || is_host(found.host));
    require(found.client.of == peer_address::kind::ip);
    require(ip_address::parse(found.client.host()) == found.client.address);
    return found;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using enum rill::forwarded_fields;
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    rill::fields fields;
    try {
        for (const auto* const name :
             {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"})
            fields.add(name, bytes);
    } catch (const std::system_error&) { // no value of a field
        return 0;
    }
    static_cast<void>(read(fields, x_forwarded));
    static_cast<void>(read(fields, forwarded));
    // A proxy adds a line, or goes on with the one that is there.
    for (const bool same_line : {false, true}) {
        const auto begin = same_line ? std::string{bytes} + ", " : std::string{};
        for (const auto& [name, value] :
             {std::pair{"X-Forwarded-For", "192.0.2.7"}, std::pair{"X-Forwarded-Proto", "https"},
              std::pair{"X-Forwarded-Host", "a.example"},
              std::pair{"Forwarded", "for=192.0.2.7;proto=https;host=\"a.example\""}}) {
            if (same_line)
                fields.set(name, begin + value);
            else
                fields.add(name, value);
        }
        const auto x = read(fields, x_forwarded);
        require(x.client.host() == "192.0.2.7" && x.scheme == "https" && x.host == "a.example");
        const auto one = read(fields, forwarded);
        if (same_line && !parse_forwarded(*fields.find("Forwarded")))
            require(one.client.host() == "10.0.0.1" && one.scheme.empty() && one.host.empty());
        else
            require(one.client.host() == "192.0.2.7" && one.scheme == "https" && one.host == "a.example");
    }
    return 0;
}
