#include <rill/topic/detail/ring.hpp>

#include "topic_memory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <random>
#include <utility>

using rill::detail::ring;

TEST_CASE("a ring that nothing was put into is empty") {
    const ring<int> none;
    CHECK(none.empty());
    CHECK(none.size() == 0);
}

TEST_CASE("what comes in at the back leaves at the front, and is counted from there") {
    ring<int> r;
    for (int n = 0; n < 100; ++n) {
        r.push_back(n);
        CHECK(r.back() == n);
        CHECK(r.front() == 0);
    }
    CHECK(r.size() == 100);
    for (int n = 0; n < 100; ++n) {
        CHECK_FALSE(r.empty());
        CHECK(r.front() == n);
        CHECK(r.back() == 99);
        CHECK(std::as_const(r)[r.size() - 1] == 99);
        r.pop_front();
    }
    CHECK(r.empty());
}

TEST_CASE("a ring goes round: its places are used again") {
    for (std::size_t length = 1; length <= 9; ++length) {
        CAPTURE(length);
        ring<std::size_t> r;
        std::size_t next = 0;
        while (next < length) r.push_back(next++);
        for (; next < 1000; ++next) {
            r.push_back(next);
            r.pop_front();
            REQUIRE(r.size() == length);
            for (std::size_t i = 0; i < length; ++i) REQUIRE(r[i] == next + 1 - length + i);
        }
    }
}

TEST_CASE("a ring that grows while it has gone round keeps its order") {
    for (int turned = 0; turned < 8; ++turned) {
        CAPTURE(turned);
        ring<int> r;
        int in = 0, out = 0;
        r.push_back(in++);
        for (int n = 0; n < turned; ++n) {
            r.push_back(in++);
            r.pop_front();
            ++out;
        }
        while (r.size() < 100) r.push_back(in++);
        for (std::size_t i = 0; i < r.size(); ++i) REQUIRE(r[i] == out + static_cast<int>(i));
    }
}

TEST_CASE("room that was reserved is enough for one: what is there stays where it is") {
    ring<int> r;
    for (int n = 0; n < 70; ++n) {
        r.reserve_one();
        const auto* const where = r.empty() ? nullptr : &r.front();
        r.reserve_one(); // again does nothing
        r.push_back(n);
        if (where != nullptr) CHECK(&r.front() == where);
        CHECK(r.size() == static_cast<std::size_t>(n) + 1);
    }
}

TEST_CASE("room that is reserved and not used is no element") {
    ring<int> r;
    r.reserve_one();
    CHECK(r.empty());
    r.push_back(1);
    r.reserve_one();
    CHECK(r.size() == 1);
    CHECK(r.back() == 1);
}

TEST_CASE("what has left a ring is destroyed at once, and the rest with the ring") {
    const auto live = std::make_shared<int>();
    {
        ring<std::shared_ptr<int>> r;
        for (int n = 0; n < 10; ++n) r.push_back(live);
        CHECK(live.use_count() == 11);
        for (int n = 0; n < 5; ++n) {
            r.pop_front();
            CHECK(live.use_count() == 10 - n);
        }
        r.push_back(live);
        CHECK(live.use_count() == 7);
    }
    CHECK(live.use_count() == 1);
}

TEST_CASE("a ring takes no memory before the first push, and gives it back when it becomes empty") {
    if (!memory::is_watched()) return;
    const auto before = memory::blocks();
    ring<int> r;
    CHECK(memory::blocks() == before);
    for (int round = 0; round < 3; ++round) {
        for (int n = 0; n < 100; ++n) r.push_back(n);
        CHECK(memory::blocks() == before + 1);
        while (!r.empty()) r.pop_front();
        CHECK(memory::blocks() == before);
    }
}

TEST_CASE("what can only be moved fits into a ring") {
    ring<std::unique_ptr<int>> r;
    for (int n = 0; n < 20; ++n) r.push_back(std::make_unique<int>(n));
    const auto first = std::exchange(r.front(), nullptr);
    r.pop_front();
    CHECK(*first == 0);
    CHECK(*r.front() == 1);
    CHECK(*r.back() == 19);
}

TEST_CASE("an emptied ring begins anew, time and again") {
    ring<int> r;
    for (int round = 0; round < 10; ++round) {
        for (int n = 0; n <= round * 3; ++n) r.push_back(n);
        CHECK(r.front() == 0);
        CHECK(r.back() == round * 3);
        while (!r.empty()) r.pop_front();
        CHECK(r.size() == 0);
    }
}

TEST_CASE("a ring is a deque, whatever is done to it") {
    std::minstd_rand chance{1}; // NOLINT(cert-msc51-cpp): the same on each run
    ring<unsigned> r;
    std::deque<unsigned> model;
    for (unsigned n = 0; n < 20'000; ++n) {
        // By turns it is more likely to grow, and to shrink.
        if (model.empty() || chance() % 100 < (n / 1000 % 2 == 0 ? 60 : 40)) {
            r.push_back(n);
            model.push_back(n);
        } else {
            r.pop_front();
            model.pop_front();
        }
        REQUIRE(r.size() == model.size());
        if (model.empty()) continue;
        REQUIRE(r.front() == model.front());
        REQUIRE(r.back() == model.back());
        const auto i = chance() % model.size();
        REQUIRE(r[i] == model[i]);
    }
}
