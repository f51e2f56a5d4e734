#pragma once

#include <rill/base/detail/peer_address.hpp>

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace rill::detail {

/// Counts what each client address has, connections or streams, and gives it a bounded number of them. IPv6
/// addresses count by their first 64 bits, which is what one client is given (RFC 6177 §2). For any thread.
class places {
    struct entry {
        places* home;
        std::size_t taken = 0;
    };
    using entries = std::map<ip_address, entry>;

public:
    /// A place that was taken; its destructor gives it back, on any thread, while `places` is alive.
    class place {
    public:
        place(place&& other) noexcept : at_{std::exchange(other.at_, nullptr)} {}
        place& operator=(place&& other) noexcept {
            std::swap(at_, other.at_);
            return *this;
        }
        ~place() {
            if (at_) at_->second.home->give_back(*at_);
        }

    private:
        friend places;
        explicit place(entries::value_type* at) noexcept : at_{at} {}
        entries::value_type* at_;
    };

    /// At most `most` for each address; 0 is no bound, and then nothing is counted.
    explicit places(std::size_t most) noexcept : most_{most} {}
    places(const places&) = delete;
    places& operator=(const places&) = delete;

    [[nodiscard]] bool bounded() const noexcept { return most_ > 0; }
    /// Nothing if the address has all of its places. To be called if `bounded`.
    [[nodiscard]] std::optional<place> take(const ip_address& whose);

private:
    void give_back(entries::value_type& which) noexcept;

    const std::size_t most_;
    std::mutex mutex_;
    entries entries_; ///< of those that have one
};

} // namespace rill::detail
