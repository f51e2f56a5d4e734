#pragma once

#include <rill/base/text.hpp>
#include <rill/client/error.hpp>

#include "client/asking.hpp"
#include "client/scripted_server.hpp"
#include "support/sanitized.hpp"

#include <asio/ip/tcp.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

/// What the tests of faults share: servers that leave too early, and what must hold behind that.
namespace cutting {

using namespace asking;
using scripted::connection;

/// How a server leaves, if it does.
enum class way { whole, bytes, fin, rst };

inline void leave(connection& c, way how) {
    if (how == way::fin) return c.finish();
    c.reset();
}

/// What a request comes to: a body, or why not.
struct outcome {
    std::string body;
    std::error_code code{};

    [[nodiscard]] bool is_right(std::string_view right) const { return !code && body == right; }
};

/// Asks, and fails the test if that fails as none may whose server leaves.
inline outcome outcome_of(rill::http_client& client, const std::string& url) {
    try {
        return {.body = ask(client, rill::client_request{rill::method::get, url}).body};
    } catch (const rill::error& e) {
        const auto& own = make_error_code(rill::client_errc::truncated).category();
        const bool documented = e.code().category() == own || e.code() == std::errc::connection_reset ||
                                e.code() == std::errc::broken_pipe;
        CHECK_MESSAGE(documented, e.what());
        return {.body = {}, .code = e.code()};
    }
}

/// None, where the system does not list them there.
[[nodiscard]] inline std::ptrdiff_t open_descriptors() {
    std::error_code unknown;
    const std::filesystem::directory_iterator all{"/proc/self/fd", unknown};
    return std::distance(begin(all), end(all));
}

/// Fails the test if, when it goes, there are descriptors that were not there before, or work in the event
/// loop. So it is made before all else.
class nothing_left {
public:
    /// A first socket has the loop open descriptors of its own.
    nothing_left() : nothing_left{asio::ip::tcp::socket{*loop()}} {}
    nothing_left(const nothing_left&) = delete;
    nothing_left& operator=(const nothing_left&) = delete;
    ~nothing_left() {
        loop()->restart();
        loop()->run_for(scripted::patience); // a name may be being looked up still
        CHECK(loop()->stopped());
        CHECK(open_descriptors() == descriptors_);
    }

private:
    explicit nothing_left(asio::ip::tcp::socket&&) {}

    std::ptrdiff_t descriptors_ = open_descriptors();
};

/// Where to cut so many bytes: behind each of the first and of the last, and some between.
[[nodiscard]] inline std::vector<std::size_t> places(std::size_t size) {
#ifdef SLOW
    constexpr std::size_t edge = 8, step = 401;
#else
    constexpr std::size_t edge = 64, step = 97;
#endif
    std::vector<std::size_t> all;
    for (std::size_t at = 0; at <= size;) {
        all.push_back(at);
        const bool between = at >= edge && at + edge < size;
        at = between ? std::min(at + step, size - edge) : at + 1;
    }
    return all;
}

/// The events of a stream that is followed to its end, each with its number as its id.
inline const std::vector<std::string> followed{"id: 1\ndata: one\n\n", "id: 2\ndata: two\ndata: lines\n\n",
                                               "id: 3\ndata: three\n\n"};
/// As `take` gives them.
inline const texts followed_texts{"message|one|1", "message|two\nlines|2", "message|three|3"};

/// How many of them whoever asks so has seen.
[[nodiscard]] inline std::size_t seen_by(std::string_view request) {
    return rill::parse<std::size_t>(scripted::field(request, "Last-Event-ID")).value_or(0);
}

/// Those that come next, `most` of them at most.
[[nodiscard]] inline std::string events_after(std::size_t seen, std::size_t most = followed.size()) {
    std::string all;
    for (auto n = seen; n < followed.size() && n < seen + most; ++n) all += followed[n];
    return all;
}

/// A source that comes back at once.
inline constexpr rill::event_source_options at_once{.retry = 0ms, .max_retry = 0ms};

/// Adds to `taken` until all events have come.
inline rill::task<void> take_all(rill::event_source& source, texts& taken) {
    while (taken.size() < followed.size()) {
        const auto next = co_await take(source, 1);
        if (next.empty()) co_return;
        taken.push_back(next.front());
    }
}

} // namespace cutting
