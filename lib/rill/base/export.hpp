#pragma once

#include <rill/base/config.hpp>

/// Marks what a shared librill shows to programs; everything else stays inside.
#if defined(__GNUC__)
#define RILL_EXPORT __attribute__((visibility("default")))
#else
#define RILL_EXPORT
#endif
