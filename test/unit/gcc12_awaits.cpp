// The ways to await that are right with every compiler, GCC 12 among them; docs/coroutines.md tells the
// others.
#include "gcc12_tracked.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using rill::event_stream;
using rill::task;

namespace {

/// Owns, and has no constructor: what must not be braced where something is awaited.
struct aggregate {
    tracked text;
    int number = 0;
};

/// The same with a constructor.
class owner {
public:
    owner(tracked a, tracked b) : first{std::move(a)}, second{std::move(b)} {}
    tracked first, second;
};

aggregate make(tracked text) {
    return aggregate{.text = std::move(text)};
}

task<aggregate> later_aggregate() {
    aggregate answer{.text = tracked{long_text}};
    co_await asio::post(asio::use_awaitable);
    co_return answer;
}

task<std::optional<tracked>> later_if(bool there) {
    co_await asio::post(asio::use_awaitable);
    if (there) co_return tracked{long_text};
    co_return std::nullopt;
}

task<std::vector<tracked>> later_list() {
    std::vector<tracked> list(2, tracked{long_text});
    co_await asio::post(asio::use_awaitable);
    co_return list;
}

task<std::size_t> take(aggregate a) {
    co_await asio::post(asio::use_awaitable);
    co_return a.text.text.size();
}

task<std::size_t> call(std::function<std::size_t()> f) {
    co_await asio::post(asio::use_awaitable);
    co_return f();
}

} // namespace

TEST_CASE("temporaries of classes with constructors may be arguments of what is awaited") {
    check_task([]() -> task<std::size_t> { co_return co_await measure(tracked{long_text}); });
    check_task([]() -> task<std::size_t> { co_return co_await keep(tracked{long_text}); });
    check_task([]() -> task<std::size_t> { co_return co_await keep(co_await later(long_text)); });
    check_task(
        []() -> task<std::size_t> { co_return co_await keep(tracked{(co_await later(long_text)).text}); });
    check_task([]() -> task<std::size_t> {
        const auto take_pair = [](const std::pair<tracked, int>& pair) { return measure(pair.first); };
        co_return co_await take_pair({tracked{long_text}, 1});
    });
    check_task([]() -> task<std::size_t> {
        const auto take_optional = [](const std::optional<tracked>& value) { return measure(*value); };
        co_return co_await take_optional(tracked{long_text});
    });
}

TEST_CASE("what a function gave may be an argument, an aggregate too") {
    check_task([]() -> task<std::size_t> { co_return co_await take(make(tracked{long_text})); });
    check_task([]() -> task<std::size_t> { co_return co_await take(make(co_await later(long_text))); });
    check_task([]() -> task<std::size_t> { co_return co_await take(co_await later_aggregate()); });
}

TEST_CASE("a named aggregate may be copied and moved into what is awaited") {
    check_task([]() -> task<std::size_t> {
        aggregate a{.text = tracked{long_text}};
        const auto size = co_await take(a);
        const auto again = co_await take(std::move(a));
        co_return size == again ? size : 0;
    });
}

TEST_CASE("the members of an aggregate may be assigned what was awaited") {
    check_task([]() -> task<std::size_t> {
        aggregate a{.text = tracked{""}};
        a.text = co_await later(long_text);
        a.number = static_cast<int>(co_await measure(a.text));
        co_return static_cast<std::size_t>(a.number);
    });
    check_task([]() -> task<std::size_t> {
        const aggregate a = make(co_await later(long_text));
        co_return a.text.text.size();
    });
}

TEST_CASE("a class may be constructed from what was awaited, in any way") {
    check_task([]() -> task<std::size_t> {
        const owner both{co_await later("1"), co_await later(long_text)};
        co_return co_await measure(both.second);
    });
    check_task([]() -> task<std::size_t> {
        const auto held = std::make_unique<tracked>(co_await later(long_text));
        co_return co_await measure(*held);
    });
    check_task([]() -> task<std::size_t> {
        std::optional<tracked> held;
        held = co_await later("first");
        held.emplace(co_await later(long_text));
        co_return co_await measure(*held);
    });
    check_task([]() -> task<std::size_t> {
        std::vector<tracked> list(2, co_await later("0"));
        list.push_back(co_await later(long_text));
        co_return co_await measure(list.back());
    });
}

TEST_CASE("references may keep what was awaited alive") {
    check_task([]() -> task<std::size_t> {
        const auto& text = co_await later(long_text);
        co_return co_await measure(text);
    });
    check_task([]() -> task<std::size_t> {
        auto&& text = co_await later(long_text);
        co_return co_await measure(text);
    });
}

TEST_CASE("structured bindings may take apart what was awaited and what a function gave") {
    check_task([]() -> task<std::size_t> {
        const auto [text, number] = co_await later_aggregate();
        co_return co_await measure(text) + static_cast<std::size_t>(number);
    });
    check_task([]() -> task<std::size_t> {
        const auto& [text, number] = co_await later_aggregate();
        co_return co_await measure(text) + static_cast<std::size_t>(number);
    });
    check_task([]() -> task<std::size_t> {
        const auto [text, number] = make(co_await later(long_text));
        co_return co_await measure(text) + static_cast<std::size_t>(number);
    });
}

TEST_CASE("if, switch, while and for may await in their heads") {
    check_task([]() -> task<std::size_t> {
        if (const auto text = co_await later(long_text); !text.text.empty()) co_return co_await measure(text);
        co_return 0;
    });
    check_task([]() -> task<std::size_t> {
        if (const auto text = co_await later_if(true)) co_return co_await measure(*text);
        co_return 0;
    });
    check_task([]() -> task<std::size_t> {
        switch (const auto text = co_await later(long_text); text.text.size()) {
        case 0: co_return 0;
        default: co_return co_await measure(text);
        }
    });
    check_task([]() -> task<std::size_t> {
        std::size_t size = 0;
        for (int left = 2; const auto text = co_await later_if(left-- > 0);) {
            if (left > 0) continue;
            size += co_await measure(*text);
        }
        co_return size;
    });
    check_task(
        []() -> task<std::size_t> {
            std::size_t size = 0;
            while (const auto text = co_await later_if(size < 2 * long_text.size()))
                size += co_await measure(*text);
            co_return size;
        },
        2 * long_text.size());
    check_task(
        []() -> task<std::size_t> {
            std::size_t size = 0;
            for (const auto& text : co_await later_list()) size += co_await measure(text);
            co_return size;
        },
        2 * long_text.size());
}

TEST_CASE("both sides of && and || may await, and conditionals whose branches own nothing") {
    check_task([]() -> task<std::size_t> {
        if ((co_await later(long_text)).text == long_text && co_await measure(tracked{"1"}) == 1 &&
            ((co_await later("")).text.empty() || co_await measure(tracked{"2"}) == 0))
            co_return long_text.size();
        co_return 0;
    });
    check_task([]() -> task<std::size_t> {
        const bool longer = co_await measure(tracked{"1"}) > 0;
        co_return longer ? co_await measure(tracked{long_text}) : 0;
    });
}

TEST_CASE("a conditional of classes is right as an expression of its own, without awaiting in it") {
    check_task([]() -> task<std::size_t> {
        const bool longer = co_await measure(tracked{"1"}) > 0;
        auto text = longer ? tracked{long_text} : tracked{"short"};
        auto work = longer ? measure(text) : keep(text);
        co_return co_await std::move(work);
    });
    check_task([]() -> task<std::size_t> {
        const auto choose = [](bool longer) -> task<tracked> {
            co_await asio::post(asio::use_awaitable);
            co_return longer ? tracked{long_text} : tracked{"short"};
        };
        co_return (co_await choose(true)).text.size();
    });
}

TEST_CASE("lambdas may be awaited: named, or capturing by reference") {
    check_task([]() -> task<std::size_t> {
        auto f = [text = tracked{long_text}] { return text.text.size(); };
        co_return co_await call(std::move(f));
    });
    check_task([]() -> task<std::size_t> {
        const tracked text{long_text};
        co_return co_await call([&text] { return text.text.size(); });
    });
    check_task([]() -> task<std::size_t> {
        const tracked text{long_text};
        co_return co_await [&text]() -> task<std::size_t> { co_return co_await measure(text); }();
    });
    check_task([]() -> task<std::size_t> {
        const tracked text{long_text};
        co_return co_await
            [](const tracked& what) -> task<std::size_t> { co_return co_await measure(what); }(text);
    });
}

TEST_CASE("a failure destroys what was waiting for it") {
    check_task([]() -> task<std::size_t> {
        try {
            co_return co_await fail(tracked{"x"}) + co_await measure(tracked{"y"});
        } catch (int) {
        }
        co_return long_text.size();
    });
    check_task([]() -> task<std::size_t> {
        const auto passes_on = []() -> task<owner> {
            co_return owner{tracked{std::to_string(co_await fail(tracked{"x"}))}, co_await later(long_text)};
        };
        try {
            co_return (co_await passes_on()).second.text.size();
        } catch (int) {
        }
        co_return long_text.size();
    });
}

TEST_CASE("a coroutine may return a class made of what it awaits, and an aggregate made of what it has") {
    check_task([]() -> task<std::size_t> {
        const auto give = []() -> task<owner> {
            co_return owner{co_await later("1"), co_await later(long_text)};
        };
        co_return (co_await give()).second.text.size();
    });
    check_task([]() -> task<std::size_t> {
        const auto give = []() -> task<aggregate> {
            auto text = co_await later(long_text);
            co_return aggregate{.text = std::move(text)};
        };
        co_return (co_await give()).text.text.size();
    });
}

TEST_CASE("the same holds in a stream") {
    check_stream([]() -> event_stream {
        const aggregate a = make(co_await later(long_text));
        co_await take(a);
        co_await take(make(tracked{"1"}));
        co_await call([&a] { return a.text.text.size(); });
        for (const auto& text : co_await later_list()) co_await measure(text);
        if (const auto text = co_await later_if(true)) co_yield {.data = text->text};
    });
}
