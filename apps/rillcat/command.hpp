#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace rillcat {

/// How events are printed.
enum class format : std::uint8_t {
    text, ///< to be read by people
    json, ///< an object per line
    data, ///< the data alone
};

/// What the command line asks for.
struct command {
    std::string url;
    std::string method;                                      ///< empty: GET, or POST with a body
    std::vector<std::pair<std::string, std::string>> fields; ///< of the request
    std::optional<std::string> body;
    std::string last_event_id;
    format output = format::text;
    bool once = false;
    bool retry_post = false;
    std::size_t max_events = 0;           ///< 0: all
    std::chrono::milliseconds timeout{0}; ///< 0: none
    std::string ca_file;
    bool insecure = false;
};

// The exit codes, beside 128 + N after the signal N.
inline constexpr int ended_as_asked = 0, failed = 1, wrong_usage = 2, out_of_time = 3;

/// Reads the arguments: what to do, or the code to exit with, after `--help` on standard output or a line
/// about what is wrong on standard error.
[[nodiscard]] std::variant<command, int> read_command_line(int argc, const char* const* argv);

} // namespace rillcat
