#pragma once

#include <charconv>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace support {

/// What a body in chunks consists of.
struct chunks {
    std::vector<std::string_view> data; ///< of each chunk; views into the body
    bool complete = false;              ///< the last one was there, and nothing behind it

    /// Takes `body` apart. Throws `std::runtime_error` if it is no body in chunks, nor the beginning of one.
    explicit chunks(std::string_view body) {
        while (!body.empty()) {
            std::size_t size = 0;
            const auto [end, failure] = std::from_chars(body.data(), body.data() + body.size(), size, 16);
            if (failure != std::errc{}) throw std::runtime_error{"a chunk without a size"};
            body.remove_prefix(static_cast<std::size_t>(end - body.data()));
            take(body, "\r\n");
            if (size == 0) {
                take(body, "\r\n");
                if (!body.empty()) throw std::runtime_error{"bytes behind the last chunk"};
                complete = true;
                return;
            }
            if (body.size() < size + 2) return; // cut off
            data.push_back(body.substr(0, size));
            body.remove_prefix(size);
            take(body, "\r\n");
        }
    }

private:
    static void take(std::string_view& from, std::string_view what) {
        if (!from.starts_with(what)) throw std::runtime_error{"a chunk that does not end where it should"};
        from.remove_prefix(what.size());
    }
};

} // namespace support
