#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace load {

/// The processes of the server that is measured, as Linux tells of them in /proc. Throws `std::runtime_error`
/// if one of them is gone.
class server_processes {
public:
    explicit server_processes(std::vector<pid_t> pids) : pids_{std::move(pids)} {}

    /// All threads' time on a CPU, in seconds.
    [[nodiscard]] double cpu_seconds() const;
    /// Resident memory, in bytes.
    [[nodiscard]] double resident() const;

private:
    std::vector<pid_t> pids_;
};

} // namespace load
