// What large events cost the publishers of small ones in the same topic. Eight threads publish: six of them
// events of 100 bytes, each of which is timed, and two of them events of 8 MiB. The baselines are the same
// six threads by themselves, and beside the same large events in another topic: these take as much of the
// processors, but nothing of the topic.
#include <rill/topic/topic.hpp>

#include "figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

constexpr int rounds = 7;
constexpr auto length_of_round = 1s;
constexpr std::size_t small_publishers = 6, large_publishers = 2;
constexpr std::chrono::microseconds between_small = 200us, between_large = 10ms;
constexpr rill::topic_options options{.keep_bytes = std::size_t{64} << 20};

/// In microseconds.
struct latencies {
    double p50 = 0, p99 = 0, worst = 0;
};

latencies latencies_of(std::vector<double> nanoseconds) {
    std::ranges::sort(nanoseconds);
    const auto at = [&](std::size_t percent) {
        return nanoseconds[(nanoseconds.size() - 1) * percent / 100] / 1'000;
    };
    return {at(50), at(99), at(100)};
}

/// Publishes until `over`, and returns how long each event took, in nanoseconds.
std::vector<double> publish(rill::topic& topic, const std::string& data, std::chrono::microseconds between,
                            const std::atomic<bool>& over) {
    std::vector<double> all;
    while (!over) {
        all.push_back(nanoseconds([&] { topic.publish({.data = data}); }));
        std::this_thread::sleep_for(between);
    }
    return all;
}

/// One round: six threads publish small events to `topic`, and two large ones to `beside`, if there is one.
struct outcome {
    latencies small;
    std::size_t large_events = 0;
};
outcome run(rill::topic& topic, rill::topic* beside) {
    static const std::string small(100, 's'), large(std::size_t{8} << 20, 'l');
    std::atomic<bool> over = false;
    std::array<std::vector<double>, small_publishers + large_publishers> each;
    {
        std::vector<std::jthread> threads;
        for (std::size_t n = 0; n < each.size(); ++n) {
            const bool is_large = n >= small_publishers;
            if (is_large && beside == nullptr) break;
            threads.emplace_back([&, is_large, n] {
                each[n] = is_large ? publish(*beside, large, between_large, over)
                                   : publish(topic, small, between_small, over);
            });
        }
        std::this_thread::sleep_for(length_of_round);
        over = true;
    }
    outcome result;
    std::vector<double> all;
    for (std::size_t n = 0; n < each.size(); ++n) {
        if (n >= small_publishers)
            result.large_events += each[n].size();
        else
            all.insert(all.end(), each[n].begin(), each[n].end());
    }
    result.small = latencies_of(std::move(all));
    return result;
}

void print(const char* what, const std::vector<outcome>& all) {
    std::vector<double> p50, p99, worst, large;
    for (const auto& each : all) {
        p50.push_back(each.small.p50);
        p99.push_back(each.small.p99);
        worst.push_back(each.small.worst);
        large.push_back(static_cast<double>(each.large_events));
    }
    fmt::print("{:<42} p50 {:6.1f} us, p99 {:8.1f} us, max {:8.1f} us; {:3.0f} large events a second\n", what,
               median(p50), median(p99), median(worst), median(large));
}

} // namespace

int main() {
    std::vector<outcome> alone, elsewhere, beside;
    for (int n = 0; n < rounds; ++n) {
        rill::topic topic{options}, other{options};
        alone.push_back(run(topic, nullptr));
        elsewhere.push_back(run(topic, &other));
        beside.push_back(run(topic, &topic));
    }
    print("publish of 100 bytes from 6 threads, alone:", alone);
    print("beside 2 threads with 8 MiB in another topic:", elsewhere);
    print("beside 2 threads with 8 MiB in this topic:", beside);
    fmt::print("(medians of {} rounds of a second)\n", rounds);
}
