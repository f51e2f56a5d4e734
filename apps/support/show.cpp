#include "support/show.hpp"

#include <string>

namespace demo {

rill::response show(std::string_view page) {
    return rill::response::html(std::string{page})
        .set("Content-Security-Policy",
             "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
             "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
             "frame-ancestors 'none'")
        .set("Cache-Control", "no-cache");
}

} // namespace demo
