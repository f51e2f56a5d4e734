#include "secrets.hpp"

#include <rill/base/text.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <utility>

namespace llm {
namespace {

constexpr std::size_t least_in_answer = 8;
/// A value of the query that is as long is a secret whatever its name.
constexpr std::size_t long_value = 20;

int digit(char hex) noexcept {
    const char lower = rill::to_lower(hex);
    if (lower >= '0' && lower <= '9') return lower - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// `text` without its percent escapes. (RFC 3986 §2.1)
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape =
            text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
        out += escape ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
        if (escape) i += 2;
    }
    return out;
}

/// RFC 4648 §4: how a client sends what stands before the `@` (RFC 7617 §2).
std::string base64(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(3, bytes.size()))) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8U | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            out += i <= bytes.size() ? digits[(group >> (18 - 6 * i)) & 63U] : '=';
    }
    return out;
}

bool is_secret(std::string_view name, std::string_view value) {
    constexpr std::array<std::string_view, 8> words{"key",  "token", "secret", "sig",
                                                    "auth", "pass",  "code",   "cred"};
    std::string lower{name};
    std::ranges::transform(lower, lower.begin(), rill::to_lower);
    return value.size() >= long_value ||
           std::ranges::any_of(words, [&](std::string_view word) { return lower.find(word) != lower.npos; });
}

/// Whether an event's data is a piece of an answer, and not an error.
bool is_piece(std::string_view data) {
    constexpr std::string_view error = "\"error\"";
    const auto at = data.find(error);
    const bool failed = at != data.npos && data.substr(at + error.size(), 8).find("null") == data.npos;
    return !failed && data.find("\"delta\"") != data.npos;
}

/// Cuts what comes before the first `end` off the front of `text`, with the end.
std::string_view cut(std::string_view& text, char end) noexcept {
    const auto front = text.substr(0, text.find(end));
    text.remove_prefix(std::min(front.size() + 1, text.size()));
    return front;
}

} // namespace

secrets::secrets(std::string_view key, const rill::url& address) {
    add(key);
    auto password = address.userinfo();
    if (!password.empty()) {
        add(password);
        all_.push_back(base64(unescaped(password)));
        const auto user = cut(password, ':');
        add(password.empty() ? user : password);
    }
    auto query = address.target();
    cut(query, '?');
    while (!query.empty()) {
        auto value = cut(query, '&');
        const auto name = cut(value, '=');
        if (is_secret(name, value)) add(value);
    }
    std::ranges::sort(all_, std::ranges::greater{}, &std::string::size);
}

void secrets::add(std::string_view secret) {
    if (secret.empty()) return;
    all_.emplace_back(secret);
    if (auto plain = unescaped(secret); plain != secret) all_.push_back(std::move(plain));
}

std::string secrets::hide(std::string text, std::size_t least) const {
    for (const auto& secret : all_) {
        if (secret.size() < least) continue;
        for (auto at = text.find(secret); at != text.npos; at = text.find(secret, at + 3))
            text.replace(at, secret.size(), "***");
    }
    return text;
}

std::string secrets::hidden(std::string text) const {
    return hide(std::move(text), 1);
}

std::string secrets::hidden_in_event(std::string data) const {
    const auto least = is_piece(data) ? least_in_answer : 1; // before it is moved away
    return hide(std::move(data), least);
}

} // namespace llm
