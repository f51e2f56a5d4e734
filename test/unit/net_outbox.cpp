#include <rill/net/detail/outbox.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using rill::detail::block;
using rill::detail::outbox;
using rill::detail::shared_bytes;

namespace {

shared_bytes shared(std::string_view text) {
    return shared_bytes{block{text}};
}

/// What comes first, in so many views.
std::vector<std::string_view> views(const outbox& box, std::size_t count) {
    std::vector<std::string_view> space(count);
    const auto front = box.front(space);
    return {front.begin(), front.end()};
}

std::string text(const outbox& box) {
    std::string all;
    for (const auto view : views(box, 100)) all += view;
    return all;
}

/// What a connection leaves behind that a peer took nothing of, and what comes after it.
void fill(outbox& box) {
    box.append("head");
    box.append("size\r\n");
    box.append(shared("first"));
    box.append(shared("second"));
    box.append("\r\n");
    box.append("more");
}
constexpr std::string_view whole = "headsize\r\nfirstsecond\r\nmore";

} // namespace

TEST_CASE("an outbox with nothing in it is a pointer, and has nothing to offer") {
    static_assert(sizeof(outbox) == sizeof(void*));
    outbox box;
    CHECK(box.empty());
    CHECK(box.size() == 0);
    CHECK(views(box, 5).empty());
    box.append("");
    box.append(shared_bytes{});
    box.consume(0);
    CHECK(box.empty());
    CHECK(views(box, 5).empty());
}

TEST_CASE("bytes and shared pieces come out in the order they went in, in as few views as there are kinds") {
    outbox box;
    fill(box);
    CHECK(box.size() == whole.size());
    CHECK(views(box, 10) == std::vector<std::string_view>{"headsize\r\n", "first", "second", "\r\nmore"});
    CHECK(views(box, 4).size() == 4);
    CHECK(views(box, 3) == std::vector<std::string_view>{"headsize\r\n", "first", "second"});
    CHECK(views(box, 1) == std::vector<std::string_view>{"headsize\r\n"});
    CHECK(views(box, 0).empty());
}

TEST_CASE("what the peer takes may end at any byte, and again at any other") {
    for (std::size_t first = 0; first <= whole.size(); ++first)
        for (std::size_t second = 0; first + second <= whole.size(); ++second) {
            CAPTURE(first);
            CAPTURE(second);
            outbox box;
            fill(box);
            box.consume(first);
            REQUIRE(box.size() == whole.size() - first);
            REQUIRE(text(box) == whole.substr(first));
            box.consume(second);
            REQUIRE(box.size() == whole.size() - first - second);
            REQUIRE(text(box) == whole.substr(first + second));
            for (const auto view : views(box, 100)) REQUIRE_FALSE(view.empty());
        }
}

TEST_CASE("whatever the peer has taken, what is added comes behind the rest") {
    for (std::size_t taken = 0; taken <= whole.size(); ++taken) {
        CAPTURE(taken);
        outbox box;
        fill(box);
        box.consume(taken);
        box.append("own");
        box.append(shared("piece"));
        box.append("last");
        const auto expected = std::string{whole.substr(taken)} + "ownpiecelast";
        REQUIRE(text(box) == expected);
        for (auto left = expected.size(); left > 0; --left) {
            REQUIRE(text(box) == expected.substr(expected.size() - left));
            box.consume(1);
        }
        CHECK(box.empty());
    }
}

TEST_CASE("a shared piece is not copied, and is let go with its last byte") {
    auto piece = shared("piece");
    const auto* const data = piece.bytes.data();
    // The block's memory stays while `piece` has a share of it: what the views show is the same bytes.
    outbox box;
    box.append("own");
    box.append(piece);
    box.append("own");
    REQUIRE(views(box, 3).size() == 3);
    CHECK(views(box, 3)[1].data() == data);
    box.consume(4);
    CHECK(views(box, 2)[0].data() == data + 1);
    box.consume(4);
    CHECK(views(box, 1) == std::vector<std::string_view>{"own"});
}

TEST_CASE("an outbox keeps its pieces alive, and no longer than they are needed") {
    // AddressSanitizer sees both: a piece read too late, and one that is never freed.
    outbox box;
    box.append(shared(std::string(1000, 'a')));
    box.append(shared(std::string(1000, 'b')));
    box.consume(500);
    CHECK(text(box) == std::string(500, 'a') + std::string(1000, 'b'));
    box.consume(500);
    CHECK(text(box) == std::string(1000, 'b'));
}

TEST_CASE("a peer that is behind for ever gets all in order, and what it has taken is not kept") {
    outbox box;
    std::string sent, taken;
    std::uintptr_t lowest = UINTPTR_MAX, highest = 0;
    for (int n = 0; n < 20'000; ++n) {
        const auto number = std::to_string(n);
        box.append(number);
        sent += number;
        const auto some = std::min<std::size_t>(box.size() - 1, n % 2 == 0 ? 4 : 6);
        const auto first = views(box, 1)[0];
        taken += first.substr(0, some);
        box.consume(some);
        if (n < 10'000) continue; // by now it is as large as it gets
        const auto place = reinterpret_cast<std::uintptr_t>(first.data());
        lowest = std::min(lowest, place);
        highest = std::max(highest, place);
    }
    CHECK(taken + text(box) == sent);
    CHECK(highest - lowest < 1000);
}
