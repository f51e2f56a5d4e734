#pragma once

#include <rill/app/response.hpp>

#include <string_view>

namespace demo {

/// Answers with a page that is one file. It may load nothing, and talk to nobody but its own server.
[[nodiscard]] rill::response show(std::string_view page);

} // namespace demo
