#include <rill/base/error.hpp>
#include <rill/sse/error.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using rill::sse_errc;

TEST_CASE("every error of the event stream has a text of its own") {
    std::set<std::string> texts;
    for (int i = 1; i <= static_cast<int>(sse_errc::event_too_large); ++i)
        texts.insert(make_error_code(static_cast<sse_errc>(i)).message());
    CHECK(texts.size() == static_cast<std::size_t>(sse_errc::event_too_large));
    CHECK_FALSE(texts.contains("unknown error"));
    CHECK(make_error_code(sse_errc::event_too_large).message() ==
          "an event of the event stream is too large");
}

TEST_CASE("an error of the event stream is told by its code") {
    const rill::error e{sse_errc::nul_in_id};
    CHECK(e.code() == sse_errc::nul_in_id);
    CHECK(e.code() != sse_errc::line_end_in_id);
    CHECK(std::string{e.code().category().name()} == "rill.sse");
}
