#pragma once

#include <rill/sse/message.hpp>

#include "command.hpp"

#include <string>

namespace rillcat {

/// What is printed of an event, line end included.
///
/// As text, an event is its type, unless that is `message`, its id and its data; further lines are indented.
/// `colour` is for terminals: there, control characters of the data are shown and not sent, so that no stream
/// can play with the terminal.
[[nodiscard]] std::string printed(const rill::message& event, format how, bool colour);

/// `text` without control characters: each is shown as `\x1b`; line ends stay if `lines` says so.
[[nodiscard]] std::string harmless(const std::string& text);

/// Whether standard output is a terminal that wants colours (NO_COLOR, TERM).
[[nodiscard]] bool wants_colour();

} // namespace rillcat
