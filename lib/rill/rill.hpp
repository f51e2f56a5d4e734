#pragma once

// All of Rill that a server needs, and the client. `rill/testing/server.hpp` is for its tests.
#include <rill/app/health.hpp>
#include <rill/app/http_error.hpp>
#include <rill/app/router.hpp>
#include <rill/app/same_origin.hpp>
#include <rill/base/error.hpp>
#include <rill/client/event_source.hpp>
#include <rill/client/http_client.hpp>
#include <rill/coro/event_stream.hpp>
#include <rill/coro/sleep.hpp>
#include <rill/http/cookie.hpp>
#include <rill/http/error.hpp>
#include <rill/net/error.hpp>
#include <rill/net/server.hpp>
#include <rill/net/sse_writer.hpp>
#include <rill/sse/error.hpp>
#include <rill/topic/error.hpp>
#include <rill/topic/topics.hpp>
