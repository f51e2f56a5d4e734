#pragma once

#include <rill/http/fields.hpp>
#include <rill/http/status.hpp>

namespace rill {

/// The head of a response. `write_head` adds to its fields what frames the message: `Date`, `Connection`,
/// `Content-Length`, `Transfer-Encoding`.
///
/// **Example**
///
///     rill::response_head head{rill::status::found};
///     head.fields.add("Location", "/login");
class response_head {
public:
    explicit response_head(rill::status s = rill::status::ok) : status{s} {}

    rill::status status;
    rill::fields fields;
};

} // namespace rill
