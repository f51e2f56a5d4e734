#include <rill/net/detail/bad_option.hpp>

#include <fmt/format.h>

#include <stdexcept>
#include <system_error>

namespace rill::detail {

networks proxies_of(std::string_view name, std::string_view list) try {
    return networks{list};
} catch (const std::invalid_argument& cause) {
    throw bad_option{std::make_error_code(std::errc::invalid_argument),
                     fmt::format("{}: {}", name, cause.what())};
}

} // namespace rill::detail
