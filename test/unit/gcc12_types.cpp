// What users brace in an expression that may suspend has nothing to destroy, and what owns has constructors:
// then GCC 12, which destroys aggregate temporaries of such expressions twice, does no harm.
#include <rill/app/http_error.hpp>
#include <rill/app/response.hpp>
#include <rill/app/route_options.hpp>
#include <rill/http/cookie.hpp>
#include <rill/http/fields.hpp>
#include <rill/http/limits.hpp>
#include <rill/http/refusal.hpp>
#include <rill/http/request.hpp>
#include <rill/http/response.hpp>
#include <rill/http/serializer.hpp>
#include <rill/net/server.hpp>
#include <rill/sse/decode.hpp>
#include <rill/sse/event.hpp>
#include <rill/sse/frame.hpp>
#include <rill/sse/message.hpp>
#include <rill/testing/server.hpp>

#include "gcc12_tracked.hpp"

#include <doctest/doctest.h>

#include <type_traits>

namespace {

template <typename T>
constexpr bool is_safe = std::is_trivially_destructible_v<T> || !std::is_aggregate_v<T>;

// Options, and other aggregates that are written in braces.
static_assert(std::is_trivially_destructible_v<rill::event>);
static_assert(std::is_trivially_destructible_v<rill::route_options>);
static_assert(std::is_trivially_destructible_v<rill::server_options>);
static_assert(std::is_trivially_destructible_v<rill::limits>);
static_assert(std::is_trivially_destructible_v<rill::decode_limits>);
static_assert(std::is_trivially_destructible_v<rill::cookie_options>);
static_assert(std::is_trivially_destructible_v<rill::field>);
static_assert(std::is_trivially_destructible_v<rill::framing>);
static_assert(std::is_trivially_destructible_v<rill::refusal>);
static_assert(std::is_trivially_destructible_v<rill::testing::server::header>);

// What owns.
static_assert(is_safe<rill::response>);
static_assert(is_safe<rill::response_head>);
static_assert(is_safe<rill::request_head>);
static_assert(is_safe<rill::fields>);
static_assert(is_safe<rill::target>);
static_assert(is_safe<rill::frame>);
static_assert(is_safe<rill::message>);
static_assert(is_safe<rill::http_error>);
static_assert(is_safe<rill::event_stream>);
static_assert(is_safe<rill::router>);
static_assert(is_safe<rill::testing::reply>);
static_assert(is_safe<rill::testing::connection>);

struct owning_aggregate {
    tracked text;
};
static_assert(!is_safe<owning_aggregate>, "the check would find one");

rill::task<std::size_t> give(rill::response answer) {
    co_await asio::post(asio::use_awaitable);
    co_return std::get<std::string>(answer.body()).size();
}

} // namespace

TEST_CASE("responses may be made, changed and passed on in an expression that awaits") {
    check_task([]() -> rill::task<std::size_t> {
        co_return co_await give(rill::response::text((co_await later(long_text)).text).set("Vary", "Accept"));
    });
    check_task([]() -> rill::task<std::size_t> {
        const auto handler = []() -> rill::task<rill::response> {
            co_return rill::response::json((co_await later(long_text)).text);
        };
        co_return std::get<std::string>((co_await handler()).body()).size();
    });
}

TEST_CASE("a stream may be handed on in a response, in an expression that awaits") {
    check_task([]() -> rill::task<std::size_t> {
        const auto events = [](tracked text) -> rill::event_stream { co_yield {.data = text.text}; };
        const auto answer = [](rill::response r) -> rill::task<rill::response> {
            co_await asio::post(asio::use_awaitable);
            co_return r;
        };
        auto got = co_await answer(rill::response{events(co_await later(long_text))}.set("Vary", "Cookie"));
        auto& stream = std::get<rill::event_stream>(got.body());
        const auto* e = co_await stream.next();
        co_return e->data.size();
    });
}
