#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace siege {

/// A hub of its own process. It is killed with this object.
class hub_process {
public:
    /// Starts it and waits until it listens; `files` is how many it may open, 0 for as many as we may.
    /// Throws `std::runtime_error` if it does not.
    hub_process(const std::string& program, const std::vector<std::string>& arguments, std::size_t files);
    hub_process(const hub_process&) = delete;
    hub_process& operator=(const hub_process&) = delete;
    ~hub_process();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// Bytes of resident memory.
    [[nodiscard]] std::size_t resident() const;
    /// Open files.
    [[nodiscard]] std::size_t descriptors() const;
    /// Drains it; gives its exit code. All clients must have gone, or it takes its time.
    int end();
    /// The lines of its log, but for those that a siege makes it write.
    [[nodiscard]] std::vector<std::string> complaints() const;

private:
    pid_t process_ = 0;
    int log_ = -1;
    std::uint16_t port_ = 0;
};

} // namespace siege
