#include <rill/http/detail/media_type.hpp>

#include <doctest/doctest.h>

#include <string_view>

using rill::detail::accepts_event_stream;
using rill::detail::is_event_stream_type;
using rill::detail::media_type;

namespace {

bool accepts(std::string_view value) {
    rill::fields fields;
    fields.add("Accept", value);
    return accepts_event_stream(fields);
}

} // namespace

TEST_CASE("a media type is what stands before the parameters") {
    CHECK(media_type("text/plain") == "text/plain");
    CHECK(media_type(" text/plain ; charset=utf-8") == "text/plain");
    CHECK(media_type("") == "");
    CHECK(media_type(";") == "");
}

TEST_CASE("an event stream is known whatever its case and parameters") {
    for (const auto* type : {"text/event-stream", "Text/Event-Stream", "text/event-stream;charset=utf-8",
                             "text/event-stream ; charset=latin1"})
        CHECK(is_event_stream_type(type));
    for (const auto* type : {"", "text/event", "text/event-streams", "text/plain;text/event-stream"})
        CHECK_FALSE(is_event_stream_type(type));
}

TEST_CASE("a request asks for an event stream where Accept names one") {
    for (const auto* value :
         {"text/event-stream", "TEXT/EVENT-STREAM", "text/event-stream;q=0.5", "text/event-stream; q=0.001",
          "application/json, text/event-stream", "*/*;q=0.1,text/event-stream", ",, text/event-stream ,",
          "text/event-stream;charset=utf-8", "text/event-stream;q=1;x=0"}) {
        CAPTURE(value);
        CHECK(accepts(value));
    }
    for (const auto* value :
         {"*/*", "text/*", "text/html,application/json;q=0.9", "text/event-stream;q=0",
          "text/event-stream; Q=0.000", "text/event-streams", "x;text/event-stream", "text", ","}) {
        CAPTURE(value);
        CHECK_FALSE(accepts(value));
    }
    CHECK_FALSE(accepts_event_stream({}));
}

TEST_CASE("a second Accept counts as the first one does") {
    rill::fields fields;
    fields.add("Accept", "application/json");
    fields.add("accept", "text/event-stream");
    CHECK(accepts_event_stream(fields));
}
