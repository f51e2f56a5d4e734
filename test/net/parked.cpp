// What a stream costs whose handler has nothing more to do.
#include "net/crowd.hpp"
#include "net/heap.hpp"
#include "net/serving.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace {

/// Opens so many subscriptions, and waits until nothing more happens for them.
class crowd_of_readers {
public:
    explicit crowd_of_readers(std::uint16_t port, rill::topic& topic) : port_{port}, topic_{topic} {
        clients_.reserve(1000);
    }
    void grow_by(std::size_t count) {
        for (std::size_t n = 0; n < count; ++n) {
            clients_.emplace_back();
            clients_.back().open(port_, "/", "");
        }
        REQUIRE(serving::eventually([&] { return topic_.statistics().subscribers == clients_.size(); }));
    }

private:
    std::uint16_t port_;
    rill::topic& topic_;
    std::vector<crowd::client> clients_;
};

} // namespace

TEST_CASE("a quiet subscriber costs less than 800 bytes of heap, its socket included") {
    constexpr std::ptrdiff_t readers = 500;
    rill::topic topic;
    rill::router routes;
    routes.get("/", [&topic](rill::request& request) { return topic.subscribe(request); });
    serving::server server{routes};
    crowd_of_readers crowd{static_cast<std::uint16_t>(crowd::number_behind(server.url(), "127.0.0.1:")),
                           topic};
    crowd.grow_by(200); // whatever is kept for the next time is there after this
    const auto before = heap::bytes();
    crowd.grow_by(readers);
    CHECK(serving::eventually([&] { return heap::bytes() - before <= readers * 800; }));
}
