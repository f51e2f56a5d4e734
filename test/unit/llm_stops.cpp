#include "llm/stops.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

struct outcome {
    std::string text;
    bool stopped = false;
    friend bool operator==(const outcome&, const outcome&) = default;
};

/// All that gets through of a text that comes in pieces of that size.
outcome pass(std::vector<std::string> sequences, std::string_view text, std::size_t piece) {
    llm::stops filter{std::move(sequences)};
    outcome out;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
        out.text += filter.add(text.substr(0, piece));
    out.text += filter.rest();
    out.stopped = filter.stopped();
    return out;
}

/// The same, which must not depend on how the text was cut.
outcome pass(const std::vector<std::string>& sequences, std::string_view text) {
    const auto whole = pass(sequences, text, text.size() + 1);
    for (std::size_t piece = 1; piece <= text.size(); ++piece) CHECK(pass(sequences, text, piece) == whole);
    return whole;
}

} // namespace

TEST_CASE("without a sequence all gets through at once") {
    llm::stops filter{{}};
    CHECK(filter.add("a") == "a");
    CHECK(filter.add("") == "");
    CHECK(filter.rest() == "");
    CHECK_FALSE(filter.stopped());
}

TEST_CASE("nothing of a sequence gets through, nor what follows it, however the text is cut") {
    CHECK(pass({"END"}, "one END two") == outcome{"one ", true});
    CHECK(pass({"END"}, "END") == outcome{"", true});
    CHECK(pass({"\n\n"}, "a\nb\n\nc") == outcome{"a\nb", true});
    CHECK(pass({"🐈"}, "eine 🐈!") == outcome{"eine ", true});
    CHECK(pass({"aab"}, "aaaab") == outcome{"aa", true});
}

TEST_CASE("what only begins like a sequence gets through") {
    CHECK(pass({"END"}, "EN ENE EEN") == outcome{"EN ENE EEN", false});
    CHECK(pass({"END"}, "the EN") == outcome{"the EN", false});
    CHECK(pass({"aab"}, "aaaa") == outcome{"aaaa", false});
}

TEST_CASE("of several sequences the one that comes first counts") {
    CHECK(pass({"two", "one"}, "zero one two") == outcome{"zero ", true});
    CHECK(pass({"x", "o o"}, "zero one") == outcome{"zer", true});
}

TEST_CASE("what may be the beginning of a sequence is held back, and no more than that") {
    llm::stops filter{{"END", "D!"}};
    CHECK(filter.add("a E") == "a ");
    CHECK(filter.add("N") == "");
    CHECK(filter.add("x") == "ENx");
    CHECK(filter.add("D") == "");
    CHECK(filter.add("D") == "D");
    CHECK(filter.rest() == "D");
    CHECK(filter.rest() == "");
}

TEST_CASE("after a sequence nothing gets through any more") {
    llm::stops filter{{"."}};
    CHECK(filter.add("a.b") == "a");
    CHECK(filter.stopped());
    CHECK(filter.add("c") == "");
    CHECK(filter.rest() == "");
}
