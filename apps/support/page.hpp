#pragma once

#include <rill/app/response.hpp>

#include <string_view>

namespace demo {

/// Answers with a page that is one file: its style and its script stand in it, it asks only this server, and
/// browsers are told to load nothing else.
///
/// **Example**
///
///     #include "page.hpp" // made of page.html by support/page.hpp.in
///
///     routes.get("/", [](rill::request&) { return demo::page(page); });
[[nodiscard]] rill::response page(std::string_view html);

} // namespace demo
