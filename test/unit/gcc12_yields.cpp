// The ways to yield an event that are right with every compiler, GCC 12 among them; docs/coroutines.md tells
// the others.
#include "gcc12_tracked.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <string_view>

using rill::event_stream;

namespace {

const bool yes = !long_text.empty(); // no constant: both branches are compiled

class pair_of {
public:
    pair_of(tracked a, tracked b) : first{std::move(a)}, second{std::move(b)} {}
    tracked first, second;
};

struct guard {
    ~guard() { tracked{"made while a frame is destroyed"}; }
};

} // namespace

TEST_CASE("views of texts that only the expression holds may be yielded") {
    check_stream([]() -> event_stream { co_yield {.data = tracked{long_text}.text}; });
    check_stream([]() -> event_stream { co_yield rill::event{.data = tracked{long_text}.text}; });
    check_stream([]() -> event_stream {
        co_yield {.id = std::to_string(1ULL << 60), .data = std::string{long_text}};
    });
    check_stream([]() -> event_stream { co_yield {.data = tracked{long_text}.text + "!"}; },
                 long_text.size() + 1);
    check_stream([]() -> event_stream { co_yield {.data = std::string{long_text}.append("!")}; },
                 long_text.size() + 1);
    check_stream([]() -> event_stream { co_yield {.data = fmt::format("{}{}", tracked{long_text}.text, 7)}; },
                 long_text.size() + 1);
    check_stream(
        []() -> event_stream { co_yield {.data = std::string_view{tracked{long_text}.text}.substr(5)}; },
        long_text.size() - 5);
    check_stream(
        []() -> event_stream { co_yield {.data = pair_of{tracked{"1"}, tracked{long_text}}.second.text}; });
}

TEST_CASE("a named event may be yielded, and a text that a local holds") {
    check_stream([]() -> event_stream {
        const tracked text{long_text};
        const rill::event e{.name = "named", .data = text.text};
        co_yield e;
    });
    check_stream([]() -> event_stream {
        const tracked text{long_text};
        co_yield {.data = text.text};
        co_yield {.comment = "a comment"};
    });
}

TEST_CASE("views may be awaited inside the braces") {
    check_stream([]() -> event_stream { co_yield {.data = (co_await later(long_text)).text}; });
    check_stream([]() -> event_stream {
        co_yield {.id = (co_await later("a long, long, long, long id")).text,
                  .data = (co_await later(long_text)).text};
    });
    check_stream(
        []() -> event_stream {
            co_yield {.data = (co_await later(long_text)).text + (co_await later(long_text)).text};
        },
        2 * long_text.size());
    check_stream(
        []() -> event_stream {
            co_yield {.data = fmt::format("{}{}", (co_await later(long_text)).text,
                                          co_await measure(tracked{"1234"}))};
        },
        long_text.size() + 1);
    check_stream([]() -> event_stream {
        co_yield {.data = pair_of{co_await later("1"), co_await later(long_text)}.second.text};
    });
}

TEST_CASE("a conditional inside the braces may choose between views, and between texts that live elsewhere") {
    check_stream([]() -> event_stream { co_yield {.data = yes ? long_text : "no"}; });
    check_stream(
        []() -> event_stream { co_yield {.data = yes ? tracked{long_text}.text : tracked{"no"}.text}; });
    check_stream([]() -> event_stream {
        const tracked a{long_text}, b{"no"};
        co_yield {.data = yes ? a.text : b.text};
    });
    check_stream([]() -> event_stream {
        const auto chosen = yes ? tracked{long_text} : tracked{"no"}; // in an expression of its own
        co_yield {.data = chosen.text};
    });
    check_stream([]() -> event_stream {
        const auto choose = [] { return yes ? tracked{long_text} : tracked{"no"}; };
        co_yield {.data = choose().text};
    });
}

TEST_CASE("loops may yield: over what a function gave, what was awaited, and what is written in place") {
    check_stream(
        []() -> event_stream {
            for (const auto letter : tracked{"abc"}.text) co_yield {.data = std::string(1, letter)};
        },
        3);
    check_stream(
        []() -> event_stream {
            for (const auto word : {std::string_view{"abc"}, std::string_view{"defg"}})
                co_yield {.data = word};
        },
        7);
    check_stream(
        []() -> event_stream {
            for (const auto& word : {tracked{"abc"}, tracked{"defg"}}) co_yield {.data = word.text};
        },
        7);
    check_stream(
        []() -> event_stream {
            for (int n = 0; n < 3; ++n) {
                auto text = co_await later(long_text);
                text.text += std::to_string(n);
                co_yield {.data = text.text};
            }
        },
        3 * (long_text.size() + 1));
    check_stream([]() -> event_stream {
        do {
            co_yield {.data = long_text};
        } while (!(co_await later("")).text.empty());
    });
}

TEST_CASE("a handler may yield in a try block, and after a catch") {
    check_stream(
        []() -> event_stream {
            try {
                const tracked text{long_text};
                co_yield {.data = text.text};
                throw 1;
            } catch (int) { // awaiting and yielding here is what C++ does not allow
            }
            co_yield {.data = "after"};
        },
        long_text.size() + 5);
    check_stream([]() -> event_stream {
        try {
            co_yield {.id = tracked{long_text}.text, .data = std::to_string(co_await fail(tracked{"x"}))};
        } catch (int) {
        }
        co_yield {.data = long_text};
    });
}

TEST_CASE("the locals of a handler die in the reverse order, and may make objects of their own then") {
    check_stream([]() -> event_stream {
        const guard last;
        const tracked text{long_text};
        const guard first;
        co_yield {.data = text.text};
        co_await later("x");
    });
}

TEST_CASE("what the handler itself takes by value dies with it") {
    check_stream([]() -> event_stream {
        const auto of = [](tracked text) -> event_stream { co_yield {.data = text.text}; };
        auto inner = of(tracked{long_text});
        while (const auto* e = co_await inner.next()) co_yield *e;
    });
}
