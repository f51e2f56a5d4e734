// A header of the PROXY protocol, and what follows it: the verdict does not depend on how it is cut up, and
// no byte behind the header is taken. The first byte says where it is cut.

#include <rill/net/detail/proxy_header.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using rill::detail::proxy_header_parser;
using step = proxy_header_parser::step;

void require(bool condition) {
    if (!condition) std::abort();
}

struct outcome {
    step verdict = step::need_input;
    std::size_t taken = 0;
    std::string client{};

    bool operator==(const outcome&) const = default;
};

/// In pieces of `size` bytes, behind a first one of `first`.
outcome parse(std::string_view bytes, std::size_t first, std::size_t size) {
    proxy_header_parser parser;
    outcome result;
    for (auto length = first; result.taken < bytes.size() && result.verdict == step::need_input;
         length = size) {
        auto piece = bytes.substr(result.taken, length);
        const auto before = piece.size();
        result.verdict = parser.parse(piece);
        result.taken += before - piece.size();
        require(piece.empty() || result.verdict != step::need_input);
    }
    if (parser.client()) result.client = parser.client()->str();
    require(parser.started() == !bytes.empty());
    return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes{reinterpret_cast<const char*>(data + 1), size - 1};
    const auto whole = parse(bytes, bytes.size() + 1, 1);
    require(whole == parse(bytes, 1, 1));
    require(whole == parse(bytes, data[0] + 1U, bytes.size() + 1));
    require(whole.client.empty() || whole.verdict == step::complete);
    if (whole.verdict != step::complete) return 0;
    require(whole.taken >= 15 && whole.taken <= 16 + proxy_header_parser::longest_block);
    const auto header = bytes.substr(0, whole.taken);
    require(whole == parse(header, header.size(), 1)); // nothing behind it was looked at
    if (header.front() != 'P') return 0;
    require(header.size() <= 107 && header.ends_with("\r\n") && header.find('\n') == header.size() - 1);
    if (!whole.client.empty()) require(rill::detail::peer_address::parse(whole.client).has_value());
    return 0;
}
