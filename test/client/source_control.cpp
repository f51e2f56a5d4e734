// close, restart and cancellation, in the middle of whatever an event_source is doing.
#include "client/asking.hpp"
#include "client/scripted_server.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <doctest/doctest.h>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

using namespace asking;
using scripted::connection;
using scripted::field;

namespace {

/// A source that is in `next`, in an event loop that the test turns.
class following {
public:
    explicit following(const std::string& url, diary& told) : source{client, url, options(told)} {}
    following(const following&) = delete;
    following& operator=(const following&) = delete;
    /// A call under way goes with the loop, and before the source; what the source holds goes before the loop.
    ~following() {
        if (!ended) loop.reset();
    }

    /// Begins a call of `next`.
    void begin() {
        ended = false;
        failure = nullptr;
        data.clear();
        asio::co_spawn(*loop, one(),
                       asio::bind_cancellation_slot(cancel.slot(), [this](const std::exception_ptr& e) {
                           ended = true;
                           failure = e;
                       }));
    }
    /// Turns the loop until this comes true.
    [[nodiscard]] bool until(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + scripted::patience;
        loop->restart();
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            loop->run_one_for(1ms);
            loop->restart();
        }
        return true;
    }
    [[nodiscard]] bool ends() {
        return until([this] { return ended; });
    }
    [[nodiscard]] std::error_code code() const {
        try {
            if (failure) std::rethrow_exception(failure);
        } catch (const std::system_error& e) {
            return e.code();
        }
        return {};
    }

    std::unique_ptr<asio::io_context> loop = std::make_unique<asio::io_context>(1);
    rill::http_client client;
    rill::event_source source;
    asio::cancellation_signal cancel;
    bool ended = true;
    std::exception_ptr failure;
    std::string data; // of the message; "null" if there was none

private:
    static rill::event_source_options options(diary& told) {
        return {.retry = 1h, .max_retry = 1h, .observer = &told};
    }
    rill::task<void> one() {
        const auto* const message = co_await source.next();
        data = message != nullptr ? message->data : "null";
    }
};

/// Accepts, reads the request, and never answers.
void say_nothing(connection& c) {
    if (c.request().empty()) return;
    CHECK(c.is_left());
}

} // namespace

TEST_CASE("close ends next, whatever it is doing") {
    diary told;
    SUBCASE("connecting") {
        scripted::server server{say_nothing};
        following f{server.url(), told};
        f.begin();
        REQUIRE(f.until([&] { return server.requests().size() == 1; }));
        f.source.close();
        CHECK(f.source.state() == rill::source_state::closed);
        REQUIRE(f.ends());
        CHECK(f.data == "null");
        CHECK(told.lines.empty());
    }
    SUBCASE("reading") {
        scripted::server server{scripted::endless("")};
        following f{server.url(), told};
        f.begin();
        REQUIRE(f.until([&] { return f.source.state() == rill::source_state::open; }));
        f.source.close();
        REQUIRE(f.ends());
        CHECK(f.data == "null");
        CHECK(told.lines == texts{"open"});
    }
    SUBCASE("waiting") {
        scripted::server server{scripted::events("")};
        following f{server.url(), told};
        f.begin();
        REQUIRE(f.until([&] { return !told.waits.empty(); }));
        CHECK(f.source.state() == rill::source_state::connecting);
        f.source.close();
        REQUIRE(f.ends());
        CHECK(f.data == "null");
    }
    SUBCASE("nothing yet") {
        scripted::server server{say_nothing};
        following f{server.url(), told};
        f.source.close();
        f.begin();
        REQUIRE(f.ends());
        CHECK(f.data == "null");
        CHECK(server.connections() == 0);
    }
}

TEST_CASE("a source that is closed stays so") {
    scripted::server server{scripted::endless("data: a\n\n")};
    diary told;
    following f{server.url(), told};
    f.begin();
    REQUIRE(f.ends());
    CHECK(f.data == "a");
    f.source.close();
    f.source.close();
    f.source.restart();
    CHECK(f.source.state() == rill::source_state::closed);
    for (int again = 0; again < 2; ++again) {
        f.begin();
        REQUIRE(f.ends());
        CHECK(f.data == "null");
    }
    CHECK(server.connections() == 1);
}

TEST_CASE("a source that has given up is null for who closes it") {
    scripted::server server{scripted::answer(scripted::response(404, ""))};
    diary told;
    following f{server.url(), told};
    f.begin();
    REQUIRE(f.ends());
    CHECK(f.code() == rill::client_errc::bad_status);
    f.source.restart(); // does not bring it back
    f.begin();
    REQUIRE(f.ends());
    CHECK(f.code() == rill::client_errc::bad_status);
    f.source.close();
    f.begin();
    REQUIRE(f.ends());
    CHECK(f.data == "null");
}

TEST_CASE("restart connects at once, whatever next is doing, with the last id") {
    diary told;
    SUBCASE("connecting") {
        scripted::server server{{say_nothing, scripted::endless("data: b\n\n")}};
        following f{server.url(), told};
        f.begin();
        REQUIRE(f.until([&] { return server.requests().size() == 1; }));
        f.source.restart();
        REQUIRE(f.ends());
        CHECK(f.data == "b");
        CHECK(told.lines == texts{"open"});
    }
    SUBCASE("reading") {
        scripted::server server{{scripted::endless("id: 1\n\n: c\n"), scripted::endless("data: b\n\n")}};
        following f{server.url(), told};
        f.begin();
        REQUIRE(f.until([&] { return told.lines == texts{"open", "#c"}; }));
        f.source.restart();
        REQUIRE(f.ends());
        CHECK(f.data == "b");
        CHECK(field(server.request(1), "Last-Event-ID") == "1");
        CHECK(told.lines == texts{"open", "#c", "open"});
    }
    SUBCASE("waiting") {
        scripted::server server{{scripted::events("id: 1\n\n"), scripted::endless("data: b\n\n")}};
        following f{server.url(), told};
        f.begin();
        REQUIRE(f.until([&] { return !told.waits.empty(); }));
        f.source.restart();
        REQUIRE(f.ends());
        CHECK(f.data == "b");
        CHECK(field(server.request(1), "Last-Event-ID") == "1");
    }
    SUBCASE("nothing between two messages: what was read of the old stream is dropped") {
        scripted::server server{
            {scripted::endless("id: 1\ndata: a\n\ndata: old\n\n"), scripted::endless("data: b\n\n")}};
        following f{server.url(), told};
        f.begin();
        REQUIRE(f.ends());
        f.source.restart();
        CHECK(f.source.state() == rill::source_state::connecting);
        f.begin();
        REQUIRE(f.ends());
        CHECK(f.data == "b");
    }
}

TEST_CASE("an observer may close and restart from any of its calls") {
    diary told;
    SUBCASE("close in on_open") {
        scripted::server server{scripted::endless("data: a\n\n")};
        following f{server.url(), told};
        told.opened = [&](const rill::client_response& answer) {
            f.source.close();
            CHECK(answer.url() == server.url()); // still alive
        };
        f.begin();
        REQUIRE(f.ends());
        CHECK(f.data == "null");
    }
    SUBCASE("close in on_comment") {
        scripted::server server{scripted::endless(": c\n: d\ndata: a\n\n")};
        following f{server.url(), told};
        told.commented = [&] { f.source.close(); };
        f.begin();
        REQUIRE(f.ends());
        CHECK(f.data == "null");
        CHECK(told.lines == texts{"open", "#c"});
    }
    SUBCASE("close in on_error, before a wait and at the end") {
        for (const unsigned status : {503, 404}) {
            scripted::server server{scripted::answer(scripted::response(status, ""))};
            following f{server.url(), told};
            told.failed = [&] { f.source.close(); };
            f.begin();
            REQUIRE(f.ends());
            CHECK(f.data == "null");
        }
    }
    SUBCASE("restart in on_open") {
        scripted::server server{{scripted::endless("data: a\n\n"), scripted::endless("data: b\n\n")}};
        following f{server.url(), told};
        told.opened = [&](const rill::client_response&) {
            if (told.lines.size() == 1) f.source.restart();
        };
        f.begin();
        REQUIRE(f.ends());
        CHECK(f.data == "b");
    }
    SUBCASE("restart in on_comment") {
        scripted::server server{{scripted::endless(": c\ndata: a\n\n"), scripted::endless("data: b\n\n")}};
        following f{server.url(), told};
        told.commented = [&] { f.source.restart(); };
        f.begin();
        REQUIRE(f.ends());
        CHECK(f.data == "b");
    }
    SUBCASE("restart in on_error makes the wait none") {
        scripted::server server{{scripted::events(""), scripted::endless("data: b\n\n")}};
        following f{server.url(), told};
        told.failed = [&] { f.source.restart(); };
        f.begin();
        REQUIRE(f.ends());
        CHECK(f.data == "b");
        CHECK(told.lines == texts{"open", "again", "open"});
    }
}

TEST_CASE("a coroutine that is cancelled sees operation_aborted, and may call next again") {
    diary told;
    SUBCASE("connecting") {
        scripted::server server{{say_nothing, scripted::endless("data: b\n\n")}};
        following f{server.url(), told};
        f.begin();
        REQUIRE(f.until([&] { return server.requests().size() == 1; }));
        f.cancel.emit(asio::cancellation_type::terminal);
        REQUIRE(f.ends());
        CHECK(f.code() == asio::error::operation_aborted);
        f.begin();
        REQUIRE(f.ends());
        CHECK(f.data == "b");
    }
    SUBCASE("reading: the stream is asked for again") {
        scripted::server server{
            {scripted::endless("id: 1\n\n: c\ndata: half"), scripted::endless("data: b\n\n")}};
        following f{server.url(), told};
        f.begin();
        REQUIRE(f.until([&] { return told.lines == texts{"open", "#c"}; }));
        f.cancel.emit(asio::cancellation_type::terminal);
        REQUIRE(f.ends());
        CHECK(f.code() == asio::error::operation_aborted);
        CHECK(f.source.state() == rill::source_state::connecting);
        f.begin();
        REQUIRE(f.ends());
        CHECK(f.data == "b");
        CHECK(field(server.request(1), "Last-Event-ID") == "1");
    }
    SUBCASE("waiting: the wait goes on in the next call") {
        scripted::server server{{scripted::events(""), scripted::endless("data: b\n\n")}};
        following f{server.url(), told};
        f.begin();
        REQUIRE(f.until([&] { return !told.waits.empty(); }));
        f.cancel.emit(asio::cancellation_type::terminal);
        REQUIRE(f.ends());
        CHECK(f.code() == asio::error::operation_aborted);
        f.begin();
        f.loop->restart();
        f.loop->poll();
        CHECK(!f.ended);
        CHECK(server.connections() == 1);
        f.source.restart();
        REQUIRE(f.ends());
        CHECK(f.data == "b");
    }
}

TEST_CASE("an event loop may go with a source in the middle of anything") {
    diary told;
    SUBCASE("connecting") {
        scripted::server server{say_nothing};
        following f{server.url(), told};
        f.begin();
        REQUIRE(f.until([&] { return server.requests().size() == 1; }));
    }
    SUBCASE("reading") {
        scripted::server server{scripted::endless("")};
        following f{server.url(), told};
        f.begin();
        REQUIRE(f.until([&] { return f.source.state() == rill::source_state::open; }));
    }
    SUBCASE("waiting") {
        scripted::server server{scripted::events("")};
        following f{server.url(), told};
        f.begin();
        REQUIRE(f.until([&] { return !told.waits.empty(); }));
    }
}
