#include <rill/testing/detail/paced_reader.hpp>

#include <algorithm>
#include <utility>

namespace rill::testing::detail {
namespace {

constexpr std::chrono::milliseconds step{100};
constexpr std::size_t steps_a_second = 10;

} // namespace

paced_reader::paced_reader(wire& from, const pace& speed, std::string read)
    : wire_{from}, speed_{speed}, since_{from.timers_.now()}, read_{std::move(read)} {
    wire_.timers_.arm_after(*this, step);
}

std::string paced_reader::take() {
    return std::exchange(read_, {});
}

std::size_t paced_reader::left() const noexcept {
    return wire_.to_client_.size() - wire_.taken_;
}

std::size_t paced_reader::unacknowledged() const noexcept {
    const auto all = left();
    return all - std::min(all, speed_.receive_buffer);
}

/// A receiver's window counts, too: what it has room for goes there at once.
std::size_t paced_reader::room() const noexcept {
    const auto bound =
        wire_.unsent_bytes_ > 0 ? std::min(speed_.send_buffer, wire_.unsent_bytes_) : speed_.send_buffer;
    const auto all = left();
    return bound + speed_.receive_buffer - std::min(bound + speed_.receive_buffer, all);
}

/// As Linux does: a third of the buffer is free, and less than half of what may be unsent is.
bool paced_reader::writable() const noexcept {
    const auto held = unacknowledged();
    const bool free = held <= speed_.send_buffer / 3 * 2;
    return free && (wire_.unsent_bytes_ == 0 || 2 * held < wire_.unsent_bytes_);
}

bool paced_reader::unanswered_for(duration time) const noexcept {
    return speed_.receive_buffer == 0 && unacknowledged() > 0 && wire_.timers_.now() - since_ >= time;
}

void paced_reader::on_timer() noexcept {
    auto& bytes = wire_.to_client_;
    if (wire_.server_reset_) { // a kernel drops it, too
        bytes.clear();
        wire_.taken_ = 0;
    }
    if (wire_.client_gone_ || (wire_.server_ended_ && bytes.empty())) return;
    owed_ += speed_.bytes_per_second;
    const auto part = std::min({owed_ / steps_a_second, left(), speed_.receive_buffer});
    read_.append(bytes, wire_.taken_, part);
    wire_.taken_ += part;
    if (2 * wire_.taken_ >= bytes.size())
        bytes.erase(0, std::exchange(wire_.taken_, 0)); // not at each step: there may be much
    owed_ %= steps_a_second;                            // what was not there to be read is not made up for
    wire_.wake();
    wire_.timers_.arm_after(*this, step);
}

} // namespace rill::testing::detail
