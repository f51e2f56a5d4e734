#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace load {

/// How long deliveries took, in nanoseconds, to about 3 %: a count for each of the 32 steps between two
/// powers of two.
class latencies {
public:
    void add(std::uint64_t nanoseconds, std::uint64_t times) noexcept {
        counts_[step_of(nanoseconds)] += times;
        all_ += times;
    }
    void clear() noexcept { *this = {}; }

    /// What `share` of all did not exceed.
    [[nodiscard]] std::uint64_t quantile(double share) const noexcept {
        const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(all_));
        std::uint64_t seen = 0;
        for (std::size_t step = 0; step < counts_.size(); ++step) {
            seen += counts_[step];
            if (seen > wanted || (seen == all_ && seen > 0)) return end_of(step);
        }
        return 0;
    }

private:
    static constexpr unsigned bits = 5;

    static std::size_t step_of(std::uint64_t value) noexcept {
        if (value < (1U << bits)) return value;
        const auto above = static_cast<unsigned>(std::bit_width(value)) - 1 - bits;
        return (static_cast<std::size_t>(above + 1) << bits) + ((value >> above) - (1U << bits));
    }
    static std::uint64_t end_of(std::size_t step) noexcept {
        if (step < (1U << bits)) return step;
        const auto above = (step >> bits) - 1;
        return ((step & ((1U << bits) - 1)) + (1U << bits) + 1) << above;
    }

    std::array<std::uint64_t, (64 - bits + 1) << bits> counts_{};
    std::uint64_t all_ = 0;
};

} // namespace load
