// expect: delete
#include <rill/rill.hpp>

void twice(const rill::subscription& news) {
    auto again = news;
}
