// Elements that a handler yields, for its simplest consumer, and what feeds give them in.
#include <rill/coro/detail/feed.hpp>
#include <rill/coro/event_stream.hpp>

#include "coro_driving.hpp"

#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using rill::elements;
using rill::event;
using rill::event_stream;
using rill::message;
using rill::detail::block;
using rill::detail::feed;
using rill::detail::shared_bytes;
using state = rill::event_stream::state;
using texts = std::vector<std::string>;

namespace {

/// Messages that somebody wrote down, each after a turn of the event loop; then the end, or a failure.
class listed final : public feed {
public:
    listed(std::deque<message> messages, bool fails, int& live)
        : messages_{std::move(messages)}, fails_{fails}, live_{live} {
        ++live_;
    }
    listed(const listed&) = delete;
    listed& operator=(const listed&) = delete;
    ~listed() override { --live_; }

    state take(std::size_t, batch& into) override {
        into.clear();
        return state::ended;
    }
    void wait(consumer&, const asio::any_io_executor&) override {}
    void pause(consumer&, const asio::any_io_executor&) override {}
    void stop_waiting() noexcept override {}
    rill::task<const message*> next() override {
        co_await asio::post(asio::use_awaitable);
        if (messages_.empty()) {
            if (fails_) throw std::runtime_error{"the feed is broken"};
            co_return nullptr;
        }
        shown_ = std::move(messages_.front());
        messages_.pop_front();
        co_return &shown_;
    }

private:
    std::deque<message> messages_;
    message shown_;
    bool fails_;
    int& live_;
};

/// Makes feeds, and knows how many of them there are.
struct source {
    /// A message for each word.
    elements of(const char* words, bool fails = false) {
        std::deque<message> messages;
        std::istringstream in{words};
        for (std::string word; in >> word;) messages.push_back({"message", word, "id " + word});
        return elements{std::make_unique<listed>(std::move(messages), fails, live)};
    }
    elements one(const message& m) { return elements{std::make_unique<listed>(std::deque{m}, false, live)}; }
    int live = 0;
};

/// All that a stream yields, by the simplest consumer.
rill::task<texts> gathered(event_stream stream) {
    texts all;
    while (const auto* e = co_await stream.next()) all.emplace_back(e->data);
    co_return all;
}

} // namespace

TEST_CASE("next gives the events of elements between those that the handler yields itself") {
    source from;
    const auto handler = [](source& sources) -> event_stream {
        co_yield {.data = "before"};
        co_yield sources.of("1 2 3");
        co_yield {.data = "between"};
        co_await []() -> rill::task<> { co_await asio::post(asio::use_awaitable); }();
        co_yield sources.of("4");
        co_yield sources.of("5 6");
        co_yield {.data = "after"};
    };
    CHECK(run(gathered(handler(from))) == texts{"before", "1", "2", "3", "between", "4", "5", "6", "after"});
    CHECK(from.live == 0);
}

TEST_CASE("elements may be all that a handler yields, and none at all") {
    source from;
    const auto all = [](source& sources) -> event_stream { co_yield sources.of("1 2"); };
    CHECK(run(gathered(all(from))) == texts{"1", "2"});
    const auto none = [](source& sources) -> event_stream {
        co_yield sources.of("");
        co_yield sources.of("");
    };
    CHECK(run(gathered(none(from))).empty());
    const auto behind_none = [](source& sources) -> event_stream {
        co_yield sources.of("");
        co_yield {.data = "after"};
    };
    CHECK(run(gathered(behind_none(from))) == texts{"after"});
}

TEST_CASE("an event out of elements is the message that came: id, type and data") {
    source from;
    const auto handler = [](source& sources) -> event_stream {
        const message full{"price", "12\n50", "7"};
        const message empty{"message", "", ""};
        co_yield sources.one(full);
        co_yield sources.one(empty);
    };
    const auto look = [](event_stream stream, bool& ended) -> rill::task<> {
        const auto* e = co_await stream.next();
        REQUIRE(e != nullptr);
        CHECK(e->id == "7");
        CHECK(e->name == "price");
        CHECK(e->data == "12\n50");
        CHECK(e->comment.data() == nullptr);
        CHECK_FALSE(e->retry);
        e = co_await stream.next();
        REQUIRE(e != nullptr);
        CHECK(e->id.empty());
        CHECK(e->name == "message");
        CHECK(e->data.empty());
        CHECK(e->data.data() != nullptr);
        ended = co_await stream.next() == nullptr;
    };
    bool ended = false;
    run(look(handler(from), ended));
    CHECK(ended);
}

TEST_CASE("what elements throw is thrown at their co_yield, behind what they gave") {
    source from;
    const auto handler = [](source& sources) -> event_stream {
        std::string caught;
        try {
            co_yield sources.of("1 2", true);
            caught = "nothing";
        } catch (const std::runtime_error& e) {
            caught = e.what();
        }
        co_yield {.data = caught};
        co_yield sources.of("3");
    };
    CHECK(run(gathered(handler(from))) == texts{"1", "2", "the feed is broken", "3"});
    CHECK(from.live == 0);
}

TEST_CASE("what elements throw and the handler does not catch ends the stream") {
    source from;
    const auto handler = [](source& sources) -> event_stream {
        co_yield sources.of("1", true);
        co_yield {.data = "never"};
    };
    CHECK_THROWS_WITH_AS(run(gathered(handler(from))), "the feed is broken", std::runtime_error);
    CHECK(from.live == 0);
}

TEST_CASE("a feed lives as long as its elements are passed on") {
    source from;
    const auto handler = [](source& sources, std::string& seen) -> event_stream {
        seen += std::to_string(sources.live);
        co_yield sources.of("1");
        seen += std::to_string(sources.live);
    };
    std::string seen;
    SUBCASE("to the end") {
        run(gathered(handler(from, seen)));
        CHECK(seen == "00");
    }
    SUBCASE("or until the stream is destroyed amid them") {
        {
            auto stream = handler(from, seen);
            CHECK(run(stream.next())->data == "1");
            CHECK(from.live == 1);
        }
        CHECK(seen == "0");
    }
    SUBCASE("or the stream that they were moved from") {
        {
            auto first = handler(from, seen);
            CHECK(run(first.next())->data == "1");
            auto second = std::move(first);
            CHECK(run(second.next()) == nullptr);
            CHECK(from.live == 0);
        }
        CHECK(seen == "00");
    }
    CHECK(from.live == 0);
}

TEST_CASE("a consumer that passes elements on itself may move from them, and resumes at their end") {
    source from;
    const auto handler = [](source& sources) -> event_stream {
        co_yield sources.of("1");
        co_yield {.data = "after"};
    };
    auto stream = handler(from);
    REQUIRE(stream.resume() == state::relaying);
    CHECK(from.live == 1);
    SUBCASE("moved") {
        const auto mine = std::move(stream.current_elements());
        REQUIRE(stream.resume() == state::yielded);
        CHECK(from.live == 1);
    }
    SUBCASE("where they are") {
        CHECK(run(stream.current_elements().source().next())->data == "1");
        REQUIRE(stream.resume() == state::yielded);
        CHECK(from.live == 0);
    }
    CHECK(stream.current().data == "after");
    CHECK(stream.resume() == state::finished);
}

TEST_CASE("a consumer throws into the handler what it has against elements, once") {
    source from;
    const auto handler = [](source& sources) -> event_stream {
        bool caught = false;
        try {
            co_yield sources.of("1");
        } catch (const std::invalid_argument&) {
            caught = true;
        }
        co_yield sources.of(caught ? "caught" : "not");
        co_yield {.data = "after"};
    };
    auto stream = handler(from);
    REQUIRE(stream.resume() == state::relaying);
    stream.refuse(std::make_exception_ptr(std::invalid_argument{"no"}));
    REQUIRE(stream.resume() == state::relaying);
    CHECK(run(stream.current_elements().source().next())->data == "caught");
    REQUIRE(stream.resume() == state::yielded);
    CHECK(stream.current().data == "after");
    CHECK(stream.resume() == state::finished);
    CHECK_NOTHROW(stream.result());
}

TEST_CASE("ten thousand elements with nothing in them do not pile up on the stack") {
    source from;
    const auto handler = [](source& sources) -> event_stream {
        for (int n = 0; n < 10'000; ++n) co_yield sources.of("");
        co_yield {.data = "end"};
    };
    CHECK(run(gathered(handler(from))) == texts{"end"});
}

TEST_CASE("a batch holds as many pieces as go out with one system call, and counts their bytes") {
    feed::batch b;
    CHECK(b.empty());
    CHECK(b.size() == 0);
    CHECK(b.pieces().empty());
    std::size_t size = 0;
    for (std::size_t n = 1; n <= feed::batch::most; ++n) {
        CHECK_FALSE(b.full());
        const auto text = std::to_string(n * n);
        b.add(shared_bytes{block{text}});
        size += text.size();
        CHECK(b.size() == size);
        CHECK(b.pieces().size() == n);
        CHECK(b.pieces().back().bytes == text);
        CHECK(b.pieces().front().bytes == "1");
    }
    CHECK(b.full());
    CHECK_FALSE(b.empty());
}

TEST_CASE("a batch that is cleared holds nothing, and is nobody's") {
    feed::batch b;
    b.add(shared_bytes{block{std::string_view{"x"}}});
    b.source = &b;
    b.clear();
    CHECK(b.empty());
    CHECK(b.size() == 0);
    CHECK(b.source == nullptr);
    b.clear();
    b.add(shared_bytes{block{std::string_view{"yy"}}});
    CHECK(b.size() == 2);
    const auto copy = b; // shares the memory
    CHECK(copy.pieces().front().bytes.data() == b.pieces().front().bytes.data());
    b.clear();
    CHECK(copy.pieces().front().bytes == "yy");
    CHECK(copy.pieces().front().owner);
}
