#include "process.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

namespace load {
namespace {

[[noreturn]] void gone(pid_t pid) {
    throw std::runtime_error{fmt::format("the server's process {} is gone", pid)};
}

} // namespace

double server_processes::cpu_seconds() const {
    double nanoseconds = 0;
    for (const auto pid : pids_) {
        std::error_code failure;
        for (const auto& thread :
             std::filesystem::directory_iterator{fmt::format("/proc/{}/task", pid), failure}) {
            double time = 0; // on a CPU; what follows is the time in the queue for one
            std::ifstream{thread.path() / "schedstat"} >> time;
            nanoseconds += time;
        }
        if (failure) gone(pid);
    }
    return nanoseconds / 1e9;
}

double server_processes::resident() const {
    double pages = 0;
    for (const auto pid : pids_) {
        double all = 0, resident = 0;
        if (!(std::ifstream{fmt::format("/proc/{}/statm", pid)} >> all >> resident)) gone(pid);
        pages += resident;
    }
    return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

} // namespace load
