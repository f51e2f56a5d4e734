// A hub that is besieged, and a client that was there before: what it waits for, how much memory the siege
// takes, and whether all is as before once the siege is over.
//
//     siege HUB [--window SECONDS] [--rounds COUNT] [--any-wait] [NAME...]      siege build/apps/hub/hub
//     --window 5 slow_heads
//
// Windows without and with the siege take turns, so that whatever else the machine does is in both. What
// counts is the median of the rounds' ratios. With --any-wait, what the client waits is told and not judged:
// for a machine that has other work to do.
#include "besiegers.hpp"
#include "hub_process.hpp"
#include "plans.hpp"
#include "regular_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <future>
#include <limits>
#include <memory>
#include <openssl/ssl.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace siege {
namespace {

using namespace std::chrono_literals;
using milliseconds = std::chrono::duration<double, std::milli>;

/// How often as many rounds as were asked for are run, until the median is below that: few rounds say little
/// beside other load.
constexpr std::size_t most_attempts = 3;
/// Longer time-outs are waited for only where windows are long, too.
constexpr auto short_patience = 15s;
constexpr auto long_window = 2s;

struct settings {
    std::string hub;
    std::chrono::milliseconds window = 500ms;
    std::size_t rounds = 3;
    double most_slowed = 2; ///< the client waits at most so much longer while the hub is besieged
    std::vector<std::string> names;
};

template <typename T>
T median(std::vector<T> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// What was measured of one plan.
struct figures {
    std::vector<double> usual, besieged, ratios; ///< of each round, in milliseconds
    std::size_t memory = 0, grown = 0;           ///< without the siege, and by how much at most
    std::size_t held = 0;                        ///< descriptors, at most
    std::size_t opened = 0, turned_away = 0;
    milliseconds recovery{0}; ///< from the end of the siege to the answer to a new client
};

class trial {
public:
    trial(const settings& s, const plan& p) : settings_{s}, plan_{p}, hub_{s.hub, arguments(p), p.files} {
        if (p.tls) tls_.reset(SSL_CTX_new(TLS_client_method()));
        client_ = std::make_unique<regular_client>(hub_.port(), tls_.get());
        std::this_thread::sleep_for(300ms);
        descriptors_ = hub_.descriptors();
        figures_.memory = hub_.resident();
    }

    figures run() {
        for (std::size_t attempt = 0; attempt < most_attempts; ++attempt) {
            for (std::size_t n = 0; n < settings_.rounds; ++n) round();
            if (median(figures_.ratios) <= settings_.most_slowed) break;
        }
        if (plan_.rid_of_them > 0s &&
            (plan_.rid_of_them <= short_patience || settings_.window >= long_window))
            abandon();
        check();
        client_.reset();
        if (const auto code = hub_.end(); code != 0)
            throw std::runtime_error{fmt::format("hub ended with {}", code)};
        if (const auto others = hub_.complaints(); !others.empty())
            throw std::runtime_error{fmt::format("hub said '{}'", others.front())};
        return figures_;
    }

private:
    static std::vector<std::string> arguments(const plan& p) {
        auto all = p.arguments;
        if (p.tls)
            all.insert(all.end(), {"--certificate", CERTIFICATES "/server.pem", "--private-key",
                                   CERTIFICATES "/server.key"});
        return all;
    }

    void round() {
        client_->clear();
        std::this_thread::sleep_for(settings_.window);
        const milliseconds usual = client_->p99();

        besiegers crowd{hub_.port(), plan_.crowds};
        besiege([&] { crowd.gather(); });
        client_->clear();
        besiege([&] { crowd.run(settings_.window); });
        const milliseconds besieged = client_->p99();
        figures_.opened += crowd.opened();
        figures_.turned_away += crowd.turned_away();
        crowd.leave();
        recover();
        figures_.usual.push_back(usual.count());
        figures_.besieged.push_back(besieged.count());
        figures_.ratios.push_back(besieged / usual);
    }

    /// Has `work` done by a thread of its own, and looks at the hub meanwhile.
    template <typename Work>
    void besiege(Work work) {
        auto done = std::async(std::launch::async, work);
        while (done.wait_for(20ms) != std::future_status::ready) {
            const auto memory = hub_.resident();
            figures_.grown = std::max(figures_.grown, memory - std::min(memory, figures_.memory));
            figures_.held = std::max(figures_.held, hub_.descriptors() - descriptors_);
        }
        done.get();
    }

    /// A new client is served, and soon nothing is left.
    void recover() {
        const auto begin = clock::now();
        ask_once(hub_.port(), tls_.get());
        figures_.recovery = std::max<milliseconds>(figures_.recovery, clock::now() - begin);
        wait_for_descriptors(3s, 0);
    }

    void wait_for_descriptors(std::chrono::milliseconds patience, std::size_t more) {
        const auto end = clock::now() + patience;
        while (hub_.descriptors() > descriptors_ + more) {
            if (clock::now() > end)
                throw std::runtime_error{fmt::format("hub had {} descriptors, and has {} after {} ms",
                                                     descriptors_, hub_.descriptors(), patience.count())};
            std::this_thread::sleep_for(10ms);
        }
    }

    /// The besiegers stay, and do nothing more.
    void abandon() {
        besiegers crowd{hub_.port(), plan_.crowds};
        besiege([&] { crowd.gather(); });
        const auto begin = clock::now();
        ask_once(hub_.port(), tls_.get());
        figures_.recovery = std::max<milliseconds>(figures_.recovery, clock::now() - begin);
        wait_for_descriptors(plan_.rid_of_them, plan_.idle);
    }

    void check() const {
        const auto ratio = median(figures_.ratios);
        if (ratio > settings_.most_slowed)
            throw std::runtime_error{
                fmt::format("the client waits {:.2f} times as long: p99 {:.2f} ms, usually {:.2f}", ratio,
                            median(figures_.besieged), median(figures_.usual))};
        if (figures_.grown > plan_.growth)
            throw std::runtime_error{
                fmt::format("it takes {} bytes, where {} are the bound", figures_.grown, plan_.growth)};
        if (figures_.held + regular_client::connections < plan_.held)
            throw std::runtime_error{fmt::format("there were only {} connections", figures_.held)};
        if (figures_.recovery > 1s)
            throw std::runtime_error{fmt::format("a new client waits {:.0f} ms", figures_.recovery.count())};
        if (plan_.turns_away && figures_.turned_away == 0) throw std::runtime_error{"nobody was told of it"};
    }

    struct free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };

    const settings& settings_;
    const plan& plan_;
    hub_process hub_;
    std::unique_ptr<SSL_CTX, free> tls_;
    std::unique_ptr<regular_client> client_;
    std::size_t descriptors_ = 0; ///< of the hub, without a siege
    figures figures_;
};

bool holds(const settings& s, const plan& p) {
    fmt::print("{:14} {}\n", p.name, p.title);
    std::fflush(stdout);
    std::string failure;
    figures f;
    try {
        trial t{s, p};
        f = t.run();
    } catch (const std::exception& why) {
        failure = why.what();
        fmt::print("{:14} FAILED: {}\n", "", failure);
    }
    if (failure.empty())
        fmt::print("{:14} p99 {:.2f} ms, usually {:.2f}: {:.2f} times, rounds {:.2f} to {:.2f}; {:.1f} MiB "
                   "on top of "
                   "{:.1f}, {:.1f} are the bound; {} connections held, {} opened, {} turned away; a new "
                   "client after "
                   "{:.0f} ms\n",
                   "", median(f.besieged), median(f.usual), median(f.ratios), std::ranges::min(f.ratios),
                   std::ranges::max(f.ratios), static_cast<double>(f.grown) / 1048576.0,
                   static_cast<double>(f.memory) / 1048576.0, static_cast<double>(p.growth) / 1048576.0,
                   f.held, f.opened, f.turned_away, f.recovery.count());
    std::fflush(stdout);
    return failure.empty();
}

template <typename T>
bool read(std::string_view text, T& value) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failure == std::errc{} && end == text.data() + text.size() && value > T{};
}

/// Whether the arguments can be read.
bool read(const std::vector<std::string>& arguments, settings& into) {
    if (arguments.empty()) return false;
    into.hub = arguments[0];
    for (std::size_t n = 1; n < arguments.size(); ++n) {
        const bool more = n + 1 < arguments.size();
        if (double seconds = 0; arguments[n] == "--window") {
            if (!more || !read(arguments[++n], seconds)) return false;
            into.window = std::chrono::milliseconds{static_cast<long>(seconds * 1000)};
        } else if (arguments[n] == "--rounds") {
            if (!more || !read(arguments[++n], into.rounds)) return false;
        } else if (arguments[n] == "--any-wait") {
            into.most_slowed = std::numeric_limits<double>::infinity();
        } else {
            into.names.push_back(arguments[n]);
        }
    }
    return true;
}

} // namespace
} // namespace siege

int main(int argc, char** argv) {
    siege::settings settings;
    if (!siege::read({argv + 1, argv + argc}, settings)) {
        fmt::print(stderr, "usage: siege HUB [--window SECONDS] [--rounds COUNT] [--any-wait] [NAME...]\n");
        return 2;
    }
    bool all = true;
    for (const auto& plan : siege::all_plans())
        if (settings.names.empty() || std::ranges::find(settings.names, plan.name) != settings.names.end())
            all = siege::holds(settings, plan) && all;
    return all ? 0 : 1;
}
