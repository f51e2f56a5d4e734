#include <rill/base/detail/line_writer.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <poll.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>

namespace rill::detail {
namespace {

constexpr std::string_view prefix = "rill: ";

/// Gives up at the first error: where the reader has gone there is nobody to tell.
void write_all(int descriptor, std::string_view text) noexcept {
    while (!text.empty()) {
        const auto written = ::write(descriptor, text.data(), text.size());
        if (written > 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (written < 0 && errno == EAGAIN) { // somebody else has made it non-blocking
            pollfd room{.fd = descriptor, .events = POLLOUT, .revents = 0};
            ::poll(&room, 1, -1);
        } else if (written == 0 || errno != EINTR) {
            return;
        }
    }
}

/// What stands in the place of lost lines. It must not fail where memory is short, since that is when it is
/// needed.
std::string_view note_of(std::size_t lost, std::array<char, 80>& space) noexcept {
    const auto size =
        std::snprintf(space.data(), space.size(), "rill: %zu %s lost here: the log was not read in time\n",
                      lost, lost == 1 ? "line was" : "lines were");
    return {space.data(), std::min(static_cast<std::size_t>(size), space.size())};
}

/// While it lives, threads that are started take no signals.
class signals_blocked {
public:
    signals_blocked() noexcept {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    signals_blocked(const signals_blocked&) = delete;
    signals_blocked& operator=(const signals_blocked&) = delete;
    ~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

} // namespace

struct line_writer::queue {
    void add(std::string_view line) noexcept;
    void write_until_ended();

    std::mutex mutex;
    std::condition_variable changed;
    std::string waiting;  ///< whole lines
    std::size_t lost = 0; ///< since `waiting` was taken last
    bool ending = false, ended = false;
    int descriptor = -1;
    std::size_t bound = 0;
};

void line_writer::queue::add(std::string_view line) noexcept {
    const auto size = prefix.size() + line.size() + 1;
    const std::lock_guard lock{mutex};
    if (lost > 0 || waiting.size() + size > bound) { // none overtakes those that are lost
        ++lost;
        return;
    }
    try {
        waiting.reserve(waiting.size() + size);
        waiting.append(prefix).append(line) += '\n';
    } catch (...) {
        ++lost;
    }
}

void line_writer::queue::write_until_ended() {
    std::string lines;
    std::array<char, 80> note{};
    std::unique_lock lock{mutex};
    for (;;) {
        changed.wait(lock, [this] { return ending || lost > 0 || !waiting.empty(); });
        if (waiting.empty() && lost == 0) break;
        lines = std::exchange(waiting, {});
        const auto missing = std::exchange(lost, 0);
        lock.unlock();
        write_all(descriptor, lines);
        if (missing > 0) write_all(descriptor, note_of(missing, note));
        lock.lock();
    }
    ended = true;
    changed.notify_all();
}

line_writer::line_writer(int descriptor, std::size_t bound, std::chrono::milliseconds patience)
    : queue_{std::make_shared<queue>()}, patience_{patience} {
    queue_->descriptor = descriptor;
    queue_->bound = bound;
    const signals_blocked blocked;
    std::thread{[queue = queue_] { queue->write_until_ended(); }}.detach();
}

line_writer::~line_writer() {
    std::unique_lock lock{queue_->mutex};
    queue_->ending = true;
    queue_->changed.notify_all();
    queue_->changed.wait_for(lock, patience_, [this] { return queue_->ended; });
}

void line_writer::write(std::string_view line) noexcept {
    queue_->add(line);
    queue_->changed.notify_one();
}

} // namespace rill::detail
