#include <rill/net/detail/keep_alive.hpp>

namespace rill::detail {

void keep_alive::wrote() {
    last_write_ = home_.timers().now();
    const auto interval = route_.options.keep_alive;
    if (!armed() && interval > interval.zero()) home_.timers().arm(*this, last_write_ + interval);
}

void keep_alive::on_timer() noexcept {
    const auto interval = route_.options.keep_alive;
    if (const auto now = home_.timers().now(); last_write_ + interval <= now) {
        if (to_.backlog() == 0) to_.write(route_.keep_alive_frame); // else there is a sign of life on its way
        last_write_ = now;
    }
    home_.timers().arm(*this, last_write_ + interval);
}

} // namespace rill::detail
