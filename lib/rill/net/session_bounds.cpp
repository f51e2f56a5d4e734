#include <rill/net/detail/h1_session.hpp>
#include <rill/net/detail/session_bounds.hpp>

#include <utility>

namespace rill::detail {

void session_bounds::begin_stream(std::optional<places::place> place, duration age) {
    of_stream_ = std::move(place);
    if (age > age.zero()) end_after(age);
}

void session_bounds::end_stream() noexcept {
    disarm();
    of_stream_.reset();
    ++stream_;
}

void session_bounds::end_after(duration time) {
    owner_.home().timers().arm_after(*this, time);
}

void session_bounds::on_timer() noexcept try {
    owner_.on_old_stream();
} catch (...) { // there is no memory for that now
    end_after(std::chrono::milliseconds{10});
}

} // namespace rill::detail
