#pragma once

#include <sched.h>
#include <sys/resource.h>

namespace siege {

/// The hub, and the client that it must not keep waiting, run before all that is not of this test: what else
/// the machine does is not to be measured. Only root may say so; for others the figures are as good as the
/// machine is quiet. Counts for the thread, and for what it starts.
inline void go_first() noexcept {
    const sched_param lowest{.sched_priority = 1};
    ::sched_setscheduler(0, SCHED_RR, &lowest);
}

/// Besiegers are the last: the processors are for the hub.
inline void go_last() noexcept {
    ::setpriority(PRIO_PROCESS, 0, 19); // on Linux it is the thread's
}

} // namespace siege
