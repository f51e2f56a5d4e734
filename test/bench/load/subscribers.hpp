#pragma once

#include "fleet.hpp"
#include "latencies.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace load {

/// Nanoseconds of the monotonic clock.
[[nodiscard]] std::uint64_t now() noexcept;

/// Publishes numbered events over a connection of its own, one request after the other.
class publisher {
public:
    /// `size` is what an event's data has, in bytes, 32 at least.
    publisher(std::uint16_t port, std::size_t size);

    /// The number of the last one, counted from 1.
    [[nodiscard]] std::uint64_t published() const noexcept { return published_; }
    /// The last one is answered, as far as is known without waiting.
    [[nodiscard]] bool ready();
    /// To be called when `ready`.
    void publish();

private:
    socket_to_server socket_;
    std::string head_;
    std::size_t size_;
    std::uint64_t published_ = 0;
    bool asked_ = false;
};

/// Connections that get a publisher's events, and check that each gets all of them, in order.
class subscribers {
public:
    /// The first `stuck` of them are never read. Throws as `fleet::open` does.
    subscribers(std::uint16_t port, std::size_t count, std::size_t stuck = 0);

    /// Reads what has come, after waiting for it for up to so long. Throws if an event is missing or doubled.
    void read(int milliseconds);

    [[nodiscard]] std::size_t size() const noexcept { return places_.size() - stuck_; }
    [[nodiscard]] std::uint64_t deliveries() const noexcept { return deliveries_; }
    /// How often there was something to read: so many pieces the deliveries came in, or fewer.
    [[nodiscard]] std::uint64_t pieces() const noexcept { return pieces_; }
    /// The last event that all have.
    [[nodiscard]] std::uint64_t seen_by_all() const noexcept { return seen_by_all_; }
    /// From the publisher's clock to here.
    latencies delays;

private:
    struct place {
        std::uint64_t seen = 0;
        std::string line; ///< that has begun
    };

    void take(std::size_t number, std::string_view bytes, std::uint64_t time);
    void take_line(std::size_t number, std::string_view line, std::uint64_t time);

    fleet fleet_;
    std::size_t stuck_;
    std::vector<place> places_;
    std::uint64_t deliveries_ = 0;
    std::uint64_t pieces_ = 0;
    std::uint64_t seen_by_all_ = 0;
    std::vector<std::uint32_t>
        seen_by_; ///< how many have the event, for those that not all have, round and round
};

} // namespace load
