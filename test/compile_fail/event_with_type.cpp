// expect: a Rill event has its type in .name
#include <rill/rill.hpp>

void alarm(rill::topic& news) {
    news.publish({.id = "7", .type = "alarm", .data = "It burns."});
}
