#pragma once

#include <rill/app/router.hpp>

/// What models answer, for the clients that their makers give away: the streams of /quiet say nothing for a
/// while in the middle, those of /cut go with their connection there. Behind it come the paths of OpenAI's
/// and Anthropic's APIs.
void add_model_streams(rill::router& routes);
