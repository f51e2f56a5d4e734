#include "support/page.hpp"

#include <string>

namespace demo {

rill::response page(std::string_view html) {
    return rill::response::html(std::string{html})
        .set("Content-Security-Policy",
             "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
             "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
             "frame-ancestors 'none'")
        .set("Cache-Control", "no-cache");
}

} // namespace demo
