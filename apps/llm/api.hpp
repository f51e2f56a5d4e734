#pragma once

#include <rill/app/router.hpp>

#include "engine.hpp"
#include "runs.hpp"
#include "statistics.hpp"

namespace llm {

/// Adds the chat completions API, as OpenAI's clients speak it: `GET /v1/models`, `GET /v1/models/{id}` and
/// `POST /v1/chat/completions`, and `GET /status`, which tells what the server does. All arguments must
/// outlive the server.
void add_api(rill::router& routes, engine& source, runs& answers, const statistics& counts);

} // namespace llm
