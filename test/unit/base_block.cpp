#include <rill/base/detail/block.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using rill::detail::block;
using rill::detail::block_tally;
using rill::detail::shared_bytes;

namespace {

std::string_view text_of(const block& b) {
    return {b.data(), b.capacity()};
}

} // namespace

static_assert(sizeof(block) == sizeof(void*));
static_assert(std::is_nothrow_copy_constructible_v<block> && std::is_nothrow_move_constructible_v<block>);
static_assert(!std::is_convertible_v<std::size_t, block> && !std::is_convertible_v<std::string_view, block>);

TEST_CASE("a block that was not made has no memory") {
    const block none;
    CHECK_FALSE(none);
    CHECK(none.data() == nullptr);
    CHECK(none.capacity() == 0);
    const auto copy = none; // NOLINT(performance-unnecessary-copy-initialization)
    CHECK_FALSE(copy);
}

TEST_CASE("a block has room for just as many bytes as it was made for") {
    for (const std::size_t size : {0, 1, 7, 8, 1000, 1 << 20}) {
        const block room{size};
        CHECK(room);
        CHECK(room.capacity() == size);
        REQUIRE(room.data() != nullptr);
        std::fill_n(room.data(), size, 'x');
        CHECK(text_of(room) == std::string(size, 'x'));
    }
}

TEST_CASE("a block of text is a copy of it") {
    std::string text{"some\0text", 9};
    const block copy{std::string_view{text}};
    text.assign(9, 'x');
    CHECK(text_of(copy) == std::string_view{"some\0text", 9});
    const block empty{std::string_view{}};
    CHECK(empty);
    CHECK(empty.capacity() == 0);
}

TEST_CASE("copies of a block share its memory, and the last of them frees it") {
    block first{std::string_view{"bytes"}};
    const auto* const where = first.data();
    block second{first};
    const block third = second;
    CHECK(second.data() == where);
    first = block{std::string_view{"other"}};
    CHECK(first.data() != where);
    second = {};
    CHECK_FALSE(second);
    CHECK(third.data() == where);
    CHECK(text_of(third) == "bytes");
}

TEST_CASE("a block that was moved from has nothing") {
    block from{std::string_view{"bytes"}};
    const auto* const where = from.data();
    block to{std::move(from)};
    CHECK_FALSE(from); // NOLINT(bugprone-use-after-move)
    CHECK(from.capacity() == 0);
    CHECK(to.data() == where);
    from = std::move(to);
    CHECK_FALSE(to); // NOLINT(bugprone-use-after-move)
    CHECK(text_of(from) == "bytes");
}

TEST_CASE("a block may be assigned to itself, and to a copy of itself") {
    block one{std::string_view{"bytes"}};
    const auto copy = one;
    auto& same = one;
    one = same;
    CHECK(text_of(one) == "bytes");
    one = copy;
    CHECK(text_of(one) == "bytes");
    one = std::move(same);
    CHECK(text_of(one) == "bytes");
}

TEST_CASE("what was written before a block is handed on is what its readers see, while more is written") {
    block growing{std::size_t{6}};
    std::ranges::copy(std::string_view{"abc"}, growing.data());
    const shared_bytes front{growing, {growing.data(), 3}};
    std::ranges::copy(std::string_view{"def"}, growing.data() + 3);
    growing = {};
    CHECK(front.bytes == "abc");
    CHECK(text_of(front.owner) == "abcdef");
}

TEST_CASE("a part of a block keeps the whole of it") {
    shared_bytes part;
    CHECK(part.bytes.empty());
    CHECK_FALSE(part.owner);
    {
        const block whole{std::string_view{"one two"}};
        part = {whole, {whole.data() + 4, 3}};
    }
    CHECK(part.bytes == "two");
    const shared_bytes all{part.owner};
    CHECK(all.bytes == "one two");
    const auto moved = std::move(part);
    part = {};
    CHECK(moved.bytes == "two");
    CHECK(all.bytes.data() + 4 == moved.bytes.data());
}

TEST_CASE("a block knows whether it shares its memory") {
    CHECK_FALSE(block{}.is_sole());
    block one{std::string_view{"bytes"}};
    CHECK(one.is_sole());
    auto other = one;
    CHECK_FALSE(one.is_sole());
    CHECK_FALSE(other.is_sole());
    one = {};
    CHECK(other.is_sole());
}

TEST_CASE("a block that has one owner may be counted elsewhere, or nowhere") {
    const auto whole = std::make_shared<block_tally>();
    const auto a = std::make_shared<block_tally>(whole), b = std::make_shared<block_tally>();
    {
        block counted{std::size_t{100}};
        counted.count_in(a);
        CHECK(a->bytes() == 100);
        CHECK(whole->bytes() == 100);
        counted.count_in(b);
        CHECK(a->bytes() == 0);
        CHECK(whole->bytes() == 0);
        CHECK(b->bytes() == 100);
        counted.count_in(nullptr);
        CHECK(b->bytes() == 0);
        counted.count_in(a);
    }
    CHECK(a->bytes() == 0);
}

TEST_CASE("two threads copy and drop shares of a block as they like, and either may free it") {
    // What goes wrong here is a block freed twice, too early or never: a build with sanitizers tells.
    constexpr int rounds = 2000;
    std::vector<block> ours(rounds), theirs(rounds);
    for (int n = 0; n < rounds; ++n) {
        ours[static_cast<std::size_t>(n)] = block{std::string_view{std::to_string(n)}};
        theirs[static_cast<std::size_t>(n)] = ours[static_cast<std::size_t>(n)];
    }
    const auto use = [](std::vector<block>& blocks) {
        int wrong = 0;
        for (std::size_t n = 0; n < blocks.size(); ++n) {
            const auto copy = blocks[n];
            blocks[n] = {};
            auto another = copy;
            const auto moved = std::move(another);
            if (text_of(moved) != std::to_string(n)) ++wrong;
        }
        return wrong;
    };
    int wrong_there = 0;
    std::thread other{[&] { wrong_there = use(theirs); }};
    const auto wrong_here = use(ours);
    other.join();
    CHECK(wrong_here == 0);
    CHECK(wrong_there == 0);
}

TEST_CASE("a thread reads the front of a block while its writer goes on behind it") {
    constexpr std::size_t half = 4096;
    const block both{2 * half};
    std::fill_n(both.data(), half, 'a');
    std::size_t seen = 0;
    std::thread reader{[&seen, front = shared_bytes{both, {both.data(), half}}] {
        seen = static_cast<std::size_t>(std::ranges::count(front.bytes, 'a'));
    }};
    std::fill_n(both.data() + half, half, 'b');
    reader.join();
    CHECK(seen == half);
    CHECK(text_of(both) == std::string(half, 'a') + std::string(half, 'b'));
}
