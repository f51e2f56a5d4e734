#pragma once

#include <rill/base/export.hpp>

#include <string_view>

namespace rill {

/// How much a line of the log matters.
enum class log_level {
    info,    ///< something went as it should: the server drains
    warning, ///< something was refused or given up, and the server goes on: no file descriptor was left
    error,   ///< a handler failed, and its client was told nothing of the cause
};

/// Where the library says what it can tell no caller: a handler that threw, a connection that could not be
/// taken.
///
/// `write` is called from any thread that serves, so an implementation locks if it has to. A line has no
/// line end and may hold bytes that came from the network; control characters in it are already escaped.
class RILL_EXPORT log_sink {
public:
    virtual ~log_sink() = default;
    virtual void write(log_level level, std::string_view line) noexcept = 0;
};

/// The sink that a server uses when it is given none: a line each on standard error, as `rill: LINE`. It
/// never blocks: a thread of its own writes, and where nobody reads, at most 256 KiB wait; a line says how
/// many were lost beyond that. What waits when the process exits is written first, for up to a second.
[[nodiscard]] RILL_EXPORT log_sink& standard_error_log() noexcept;

} // namespace rill
