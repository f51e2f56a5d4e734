#pragma once

#include <string>

/// Where the server is that the README's relay asks, in place of the one that it names.
const std::string& upstream_url();
