#pragma once

#include <cerrno>
#include <cstddef>
#include <sys/socket.h>
#include <system_error>

namespace support {

/// So many bytes the system may hold that were not received from a socket yet, with what it needs itself. It
/// raises that number for a reader whose machine is busy.
[[nodiscard]] inline std::size_t receive_buffer_of(int socket) {
    int size = 0;
    socklen_t length = sizeof size;
    if (::getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, &length) < 0)
        throw std::system_error{errno, std::generic_category(), "getsockopt"};
    return static_cast<std::size_t>(size);
}

} // namespace support
