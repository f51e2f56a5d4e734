#include <rill/base/error.hpp>
#include <rill/sse/encode.hpp>
#include <rill/sse/error.hpp>
#include <rill/sse/frame.hpp>

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

static_assert(sizeof(rill::frame) == sizeof(void*));
static_assert(std::is_nothrow_copy_constructible_v<rill::frame> &&
              std::is_nothrow_move_constructible_v<rill::frame>);

TEST_CASE("a frame has the bytes that encode makes") {
    for (const auto data : {"", "x", "two\nlines", "\r\n\r"}) {
        const rill::event e{.id = "7", .name = "user", .data = data, .comment = "c"};
        std::string encoded;
        encode(encoded, e);
        CHECK(rill::frame{e}.bytes() == encoded);
    }
}

TEST_CASE("a frame outlives the texts that it was made of") {
    auto text = std::string(1000, 'x');
    const rill::frame frame{{.data = text}};
    text.assign(1000, 'y');
    CHECK(frame.bytes() == "data: " + std::string(1000, 'x') + "\n\n");
}

TEST_CASE("a copy of a frame shares its bytes, which stay until the last copy goes") {
    std::vector<rill::frame> copies;
    const char* bytes = nullptr;
    {
        const rill::frame first{{.data = "shared"}};
        bytes = first.bytes().data();
        copies.assign(3, first);
    }
    copies.pop_back();
    for (const auto& copy : copies) {
        CHECK(copy.bytes().data() == bytes);
        CHECK(copy.bytes() == "data: shared\n\n");
    }
}

TEST_CASE("a frame can be assigned to, also from itself") {
    rill::frame a{{.data = "a"}};
    const rill::frame b{{.data = "b"}};
    a = b;
    CHECK(a.bytes().data() == b.bytes().data());
    const auto& same = a;
    a = same;
    CHECK(a.bytes() == "data: b\n\n");
}

TEST_CASE("a frame that was moved from is empty and can be used again") {
    rill::frame a{{.data = "a"}};
    rill::frame b = std::move(a);
    CHECK(b.bytes() == "data: a\n\n");
    CHECK(a.bytes().empty()); // NOLINT(bugprone-use-after-move): that is what is tested
    const auto copy = a;
    CHECK(copy.bytes().empty());
    a = std::move(b);
    CHECK(a.bytes() == "data: a\n\n");
}

TEST_CASE("an event that cannot be encoded makes no frame") {
    CHECK_THROWS_AS(rill::frame({.id = "a\nb"}), rill::error);
    CHECK_THROWS_AS(rill::frame({}), rill::error);
}

TEST_CASE("copies of a frame come and go on many threads") {
    const rill::frame frame{{.data = "from many threads"}};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([frame] {
            for (int n = 0; n < 10'000; ++n) {
                const auto copy = frame;
                if (copy.bytes().size() != frame.bytes().size()) std::abort();
            }
        });
    for (auto& thread : threads) thread.join();
    CHECK(frame.bytes() == "data: from many threads\n\n");
}
