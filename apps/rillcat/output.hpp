#pragma once

#include <rill/sse/message.hpp>

#include "command.hpp"

#include <cstdint>
#include <string>

namespace rillcat {

/// Where events are printed.
enum class surface : std::uint8_t {
    file,     ///< or a pipe
    terminal, ///< that wants no colours
    colours,  ///< a terminal
};

/// What is printed of an event, line end included.
///
/// As text, an event is its type, unless that is `message`, its id and its data; further lines are indented.
/// On terminals control characters are shown and not sent, so that no stream can play with them; as JSON they
/// are escaped everywhere.
[[nodiscard]] std::string printed(const rill::message& event, format how, surface on);

/// `text` without control characters: each is shown as `\x1b`.
[[nodiscard]] std::string harmless(const std::string& text);

/// What standard output is (NO_COLOR and TERM say whether a terminal wants colours).
[[nodiscard]] surface standard_output();

} // namespace rillcat
