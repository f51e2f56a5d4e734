#include <rill/net/detail/keep_alive.hpp>

namespace rill::detail {

void keep_alive::wrote() {
    silence_.broken(home_.timers().now());
    if (!armed()) arm();
}

void keep_alive::arm() {
    auto& timers = home_.timers();
    timers.arm_after(*this, silence_.rest(timers.now(), route_.options.keep_alive, home_.common().bounds));
}

void keep_alive::on_timer() noexcept {
    try {
        look();
    } catch (...) { // there is no memory; what was written in part only has ended the connection
        return arm();
    }
    arm();
}

void keep_alive::look() {
    const auto interval = route_.options.keep_alive;
    to_.check_client();
    if (const auto now = home_.timers().now(); silence_.comment_due(now, interval)) {
        if (to_.backlog() == 0) {
            to_.write(route_.keep_alive_frame);
            silence_.commented(now, interval, to_.may_be_proxy());
        } else {
            silence_.broken(now); // there is a sign of life on its way
        }
    }
}

} // namespace rill::detail
