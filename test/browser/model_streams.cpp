#include "model_streams.hpp"

#include <rill/rill.hpp>

#include <array>
#include <chrono>
#include <stdexcept>

using namespace std::chrono_literals;

namespace {

// "Hello, World!" in the events of each API, and where in them the middle is.

constexpr std::array openai_events{
    rill::event{
        .data =
            R"({"id":"c","object":"chat.completion.chunk","created":1,"model":"m",)"
            R"("choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"},"finish_reason":null}]})"},
    rill::event{.data = R"({"id":"c","object":"chat.completion.chunk","created":1,"model":"m",)"
                        R"("choices":[{"index":0,"delta":{"content":", World!"},"finish_reason":"stop"}]})"},
    rill::event{.data = "[DONE]"},
};
constexpr std::size_t openai_middle = 1;

constexpr std::array anthropic_events{
    rill::event{
        .name = "message_start",
        .data =
            R"({"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m",)"
            R"("content":[],"stop_reason":null,"usage":{"input_tokens":1,"output_tokens":1}}})"},
    rill::event{.name = "content_block_start",
                .data =
                    R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"},
    rill::event{.name = "ping", .data = R"({"type": "ping"})"},
    rill::event{
        .name = "content_block_delta",
        .data = R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}})"},
    rill::event{
        .name = "content_block_delta",
        .data =
            R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":", World!"}})"},
    rill::event{.name = "content_block_stop", .data = R"({"type":"content_block_stop","index":0})"},
    rill::event{
        .name = "message_delta",
        .data = R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}})"},
    rill::event{.name = "message_stop", .data = R"({"type":"message_stop"})"},
};
constexpr std::size_t anthropic_middle = 4;

template <const auto& Events, std::size_t Middle>
rill::event_stream quiet(rill::request&) {
    for (std::size_t i = 0; i < Events.size(); ++i) {
        if (i == Middle) co_await rill::sleep_for(400ms);
        co_yield Events[i];
    }
}

template <const auto& Events, std::size_t Middle>
rill::event_stream cut(rill::request&) {
    for (std::size_t i = 0; i < Middle; ++i) co_yield Events[i];
    co_await rill::sleep_for(50ms); // what was sent is on its way
    throw std::runtime_error{"as asked for"};
}

} // namespace

void add_model_streams(rill::router& routes) {
    const rill::route_options often{.keep_alive = 40ms};
    routes.post("/quiet/v1/chat/completions", quiet<openai_events, openai_middle>, often)
        .post("/cut/v1/chat/completions", cut<openai_events, openai_middle>)
        .post("/quiet/v1/messages", quiet<anthropic_events, anthropic_middle>, often)
        .post("/cut/v1/messages", cut<anthropic_events, anthropic_middle>);
}
