#include <rill/base/text.hpp>
#include <rill/net/detail/proxy_header.hpp>

#include <algorithm>
#include <span>

namespace rill::detail {
namespace {

using step = proxy_header_parser::step;

constexpr std::string_view word{"PROXY "};
constexpr std::string_view signature{"\r\n\r\n\0\r\nQUIT\n", 12};
/// Of version 2: the signature, version and command, families, and the length of what follows.
constexpr std::size_t fixed_part = 16;

/// A nibble each.
enum command : std::uint8_t { local = 0, proxy = 1 };
enum family : std::uint8_t { unspecified = 0, inet = 1, inet6 = 2, unix_domain = 3 };
constexpr unsigned most_transport = 2; // stream is 1, datagrams are 2

constexpr std::size_t size_of_addresses(unsigned family) noexcept {
    switch (family) {
    case inet: return 12;
    case inet6: return 36;
    case unix_domain: return 216;
    default: return 0;
    }
}

/// Takes the next word off `line`, and the space behind it.
std::string_view next_word(std::string_view& line) noexcept {
    const auto end = std::min(line.find(' '), line.size());
    const auto found = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return found;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
    return text.size() <= 5 ? parse<std::uint16_t>(text) : std::nullopt;
}

/// An address as `TCP4` or `TCP6` has it: those are not mixed.
std::optional<ip_address> address_of(std::string_view text, bool six) {
    return (text.find(':') != text.npos) == six ? ip_address::parse(text) : std::nullopt;
}

} // namespace

step proxy_header_parser::parse(std::string_view& input) {
    while (state_ == step::need_input && !input.empty()) {
        state_ = take(input.front());
        if (state_ != step::malformed) input.remove_prefix(1);
    }
    return state_;
}

step proxy_header_parser::take(char next) {
    if (taken_ < kept_.size()) kept_[taken_] = next;
    ++taken_;
    return kept_[0] == signature[0] ? after_byte_of_block() : after_char_of_line();
}

/// Version 1 is a line of text.
step proxy_header_parser::after_char_of_line() {
    const auto last = taken_ - 1;
    if (last < word.size()) return kept_[last] == word[last] ? step::need_input : step::malformed;
    const bool line_feed = kept_[last] == '\n';
    if (line_feed != (kept_[last - 1] == '\r')) return step::malformed;
    if (line_feed) return read_line();
    return taken_ < kept_.size() ? step::need_input : step::malformed;
}

step proxy_header_parser::read_line() {
    std::string_view line{kept_.data(), taken_ - 2};
    line.remove_prefix(word.size());
    const auto spaces = std::ranges::count(line, ' ');
    const auto protocol = next_word(line);
    if (protocol == "UNKNOWN") return step::complete; // whatever follows
    const bool six = protocol == "TCP6";
    if ((!six && protocol != "TCP4") || spaces != 4) return step::malformed;
    const auto client = address_of(next_word(line), six), server = address_of(next_word(line), six);
    const auto client_port = port_of(next_word(line)), server_port = port_of(next_word(line));
    if (!client || !server || !client_port || !server_port) return step::malformed;
    client_ = peer_address::of_ip(*client, client_port);
    return step::complete;
}

/// Version 2 is a block of known length.
step proxy_header_parser::after_byte_of_block() {
    const auto last = taken_ - 1;
    if (last < signature.size()) return kept_[last] == signature[last] ? step::need_input : step::malformed;
    if (taken_ == fixed_part) {
        if (!has_good_fixed_part()) return step::malformed;
        size_ = fixed_part + (byte(14) << 8U | byte(15));
    }
    if (taken_ < fixed_part || taken_ < size_) return step::need_input;
    read_addresses();
    return step::complete;
}

bool proxy_header_parser::has_good_fixed_part() const noexcept {
    constexpr unsigned version = 2;
    const auto length = byte(14) << 8U | byte(15);
    if (byte(12) >> 4U != version || length > longest_block) return false;
    const auto command = byte(12) & 0xFU, family = byte(13) >> 4U, transport = byte(13) & 0xFU;
    if (command == local) return true; // the rest means nothing
    return command == proxy && family <= unix_domain && transport <= most_transport &&
           length >= size_of_addresses(family);
}

void proxy_header_parser::read_addresses() {
    const auto command = byte(12) & 0xFU, family = byte(13) >> 4U, transport = byte(13) & 0xFU;
    if (command == local || transport == unspecified) return;
    const auto* const at = reinterpret_cast<const unsigned char*>(kept_.data()) + fixed_part;
    const auto port_at = [this](std::size_t offset) {
        return static_cast<std::uint16_t>(byte(fixed_part + offset) << 8U | byte(fixed_part + offset + 1));
    };
    switch (family) {
    case inet:
        client_ = peer_address::of_ip(ip_address::v4(std::span<const unsigned char, 4>{at, 4}), port_at(8));
        break;
    case inet6:
        client_ =
            peer_address::of_ip(ip_address::v6(std::span<const unsigned char, 16>{at, 16}), port_at(32));
        break;
    case unix_domain: client_ = peer_address::of_unix_socket(); break;
    default: break;
    }
}

} // namespace rill::detail
