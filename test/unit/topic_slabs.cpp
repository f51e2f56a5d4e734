// The memory of a log by itself.
#include <rill/topic/detail/slabs.hpp>

#include "topic_memory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

using rill::detail::block;
using rill::detail::slabs;

namespace {

/// Slabs in which events are put one by one.
struct filled : slabs {
    filled() : slabs{1 << 20, {}} {}

    place put(std::string_view text) {
        std::ranges::copy(text, make_room(text.size(), 0));
        return fill(text.size());
    }
    place put_large(std::size_t size) {
        reserve_one();
        return adopt(block{std::string(size, 'x')}, size);
    }
    [[nodiscard]] std::string_view text(place at, std::size_t size) const {
        return {(*this)[at.slab].data() + at.offset, size};
    }
};

constexpr std::size_t large_size = 1 << 20;

} // namespace

TEST_CASE("events lie one after the other until a slab is full") {
    filled all;
    const auto a = all.put("aaa"), b = all.put("bb");
    CHECK(a.slab == b.slab);
    CHECK(b.offset == a.offset + 3);
    CHECK(all.text(a, 3) == "aaa");
    CHECK(all.text(b, 2) == "bb");
    const auto c = all.put(std::string(1000, 'c'));
    CHECK(c.slab == b.slab + 1);
    CHECK(c.offset == 0);
    CHECK(all.next() == c.slab + 1);
}

TEST_CASE("a block that is taken over is a slab, and nothing is written behind its event") {
    filled all;
    all.put("a");
    const auto b = all.put_large(large_size), c = all.put("c");
    CHECK(all.text(b, large_size) == std::string(large_size, 'x'));
    CHECK(c.slab == b.slab + 1);
    CHECK(all.bytes() > large_size);
    CHECK(all.pinned() == 0);
}

TEST_CASE("what is given up is not freed here, and no longer counted") {
    filled all;
    all.put_large(large_size);
    all.put("b");
    const auto before = all.bytes();
    all.drop_before(1);
    CHECK(all.bytes() == before - large_size);
    CHECK(all.pinned() == 0);
    const auto released = all.take_released();
    REQUIRE(released.size() == 1);
    CHECK(released[0].is_sole());
    CHECK(std::ranges::count(std::string_view{released[0].data(), large_size}, 'x') == large_size);
    CHECK(all.take_released().empty());
}

TEST_CASE("what is given up, but held by a reader, is pinned until the reader lets it go") {
    filled all;
    const auto at = all.put_large(large_size);
    auto held = all[at.slab];
    all.drop_before(all.next());
    CHECK(all.pinned() == large_size);
    static_cast<void>(all.take_released());
    CHECK(all.pinned() == large_size);
    held = {};
    CHECK(all.pinned() == 0);
    CHECK(all.bytes() == 0);
}

TEST_CASE("what is given up when memory has run out is freed at once, unless a reader holds it") {
    if (!memory::is_watched()) return;
    filled all;
    all.put_large(large_size);
    const auto at = all.put_large(large_size);
    auto held = all[at.slab];
    const auto before = memory::bytes();
    memory::refuse_after(0);
    all.drop_before(all.next());
    memory::refuse_none();
    CHECK(all.bytes() == 0);
    CHECK(all.pinned() == large_size);
    CHECK(all.take_released().empty());
    CHECK(before - memory::bytes() >= static_cast<std::ptrdiff_t>(large_size));
    CHECK(std::ranges::count(std::string_view{held.data(), large_size}, 'x') == large_size);
    held = {};
    CHECK(all.pinned() == 0);
    CHECK(all.text(all.put("next"), 4) == "next");
}

TEST_CASE("a kept event is a copy if it is small, and shares its slab if it has it to itself") {
    filled all;
    const auto a = all.put("aaa"), b = all.put_large(large_size);
    auto small = all.keep(a.slab, all.text(a, 3)), big = all.keep(b.slab, all.text(b, large_size));
    all.add(small);
    all.add(big);
    CHECK(big.bytes.data() == all.text(b, large_size).data());
    all.drop_before(all.next());
    static_cast<void>(all.take_released());
    CHECK(small.bytes == "aaa");
    CHECK(all.bytes() == 3 + large_size);
    CHECK(all.pinned() == 0);
    all.drop(std::move(small));
    all.drop(std::move(big));
    CHECK(all.bytes() == 0);
    CHECK(all.pinned() == 0);
    CHECK(all.take_released().size() == 2);
}
