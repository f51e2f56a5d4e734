#include <rill/base/detail/list.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <memory>
#include <random>
#include <vector>

namespace {

struct item : rill::detail::list_hook<item> {
    explicit item(int number_) : number{number_} {}
    int number;
};

using items = rill::detail::list<item>;

std::vector<int> numbers(const items& all) {
    std::vector<int> found;
    for (const auto* each = all.front(); each; each = all.behind(*each)) found.push_back(each->number);
    return found;
}

} // namespace

TEST_CASE("a list keeps the order in which its elements came") {
    items all;
    CHECK(all.empty());
    CHECK(all.front() == nullptr);
    item one{1}, two{2}, three{3};
    for (auto* const each : {&one, &two, &three}) all.push_back(*each);
    CHECK(numbers(all) == std::vector{1, 2, 3});
    CHECK(&all.pop_front() == &one);
    CHECK_FALSE(items::is_listed(one));
    CHECK(items::is_listed(two));
    all.push_back(one);
    CHECK(numbers(all) == std::vector{2, 3, 1});
}

TEST_CASE("an element leaves its list wherever it stands, twice without harm, and when it dies") {
    items all;
    item first{1}, last{4};
    auto middle = std::make_unique<item>(2);
    item other{3};
    for (auto* const each : {&first, middle.get(), &other, &last}) all.push_back(*each);
    middle.reset();
    CHECK(numbers(all) == std::vector{1, 3, 4});
    items::remove(first);
    items::remove(first);
    items::remove(last);
    CHECK(numbers(all) == std::vector{3});
    items::remove(other);
    CHECK(all.empty());
}

TEST_CASE("the elements of a list that dies are free for another one") {
    items other;
    item one{1}, two{2};
    {
        items all;
        all.push_back(one);
        all.push_back(two);
    }
    CHECK_FALSE(items::is_listed(one));
    CHECK_FALSE(items::is_listed(two));
    other.push_back(two);
    CHECK(numbers(other) == std::vector{2});
}

TEST_CASE("a list does what a list of the standard does") {
    std::mt19937 random{1};
    std::vector<std::unique_ptr<item>> pool;
    for (int n = 0; n < 8; ++n) pool.push_back(std::make_unique<item>(n));
    items all;
    std::list<int> model;
    for (int step = 0; step < 10'000; ++step) {
        auto& each = *pool[random() % pool.size()];
        if (items::is_listed(each)) {
            items::remove(each);
            model.remove(each.number);
        } else {
            all.push_back(each);
            model.push_back(each.number);
        }
        REQUIRE(std::ranges::equal(numbers(all), model));
    }
}
