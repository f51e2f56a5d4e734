#include <rill/net/detail/h1_session.hpp>
#include <rill/net/detail/stream_bounds.hpp>

namespace rill::detail {

void stream_bounds::end_after(duration time) {
    owner_.home().timers().arm_after(*this, time);
}

void stream_bounds::on_timer() noexcept try {
    owner_.on_old_stream();
} catch (...) { // there is no memory for that now
    end_after(std::chrono::milliseconds{10});
}

} // namespace rill::detail
