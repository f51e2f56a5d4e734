// expect: no matching function for call to 'parse
#include <rill/base/text.hpp>

struct point {};

auto read() {
    return rill::parse<point>("1,2");
}
