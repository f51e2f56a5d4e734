#pragma once

#include <rill/http/fields.hpp>

#include "secrets.hpp"

namespace llm {

/// Adds to `to` the fields that a client needs of the answer `from` upstream: the ids to ask the people there
/// about a request, the limits of the rate, and when to come back. All others are the connection's own, or
/// between us and that server.
void pass_fields(const rill::fields& from, rill::fields& to, const secrets& hide);

} // namespace llm
