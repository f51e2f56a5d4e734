// The one file here that must compile: it shows that the others are refused for what they say, and the build
// knows from it how to call the compiler.
#include <rill/base/text.hpp>

#include <fmt/format.h>

static_assert(rill::trim(" a ") == "a");
