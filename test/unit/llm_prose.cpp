#include "llm/prose.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using sections = std::vector<llm::section>;
using texts = std::vector<std::string_view>;

std::string joined(std::string_view text) {
    std::string out;
    for (const auto one : llm::tokens(text)) out += one;
    return out;
}

} // namespace

TEST_CASE("lines are joined to paragraphs, and headings begin a section") {
    CHECK(llm::prose("# Title\n\nOne\ntwo.\n\nThree.\n\n## Next\n\nFour!\n") ==
          sections{{"One two.", "Three."}, {"Four!"}});
    CHECK(llm::prose("One.\r\nTwo.\r\n") == sections{{"One. Two."}});
    CHECK(llm::prose("").empty());
    CHECK(llm::prose("\n\n# Only a heading").empty());
}

TEST_CASE("items of lists are paragraphs") {
    CHECK(llm::prose("- One\n  more.\n- Two.\n* Three.\n10. Four.") ==
          sections{{"One more.", "Two.", "Three.", "Four."}});
}

TEST_CASE("code, tables and pictures are left out") {
    CHECK(llm::prose("A.\n```cpp\n# no heading. Code.\n```\nB.") == sections{{"A.", "B."}});
    CHECK(llm::prose("A.\n\n    indented();.\n\nB.") == sections{{"A.", "B."}});
    CHECK(llm::prose("A.\n| a | b. |\n|---|---|\nB.") == sections{{"A.", "B."}});
    CHECK(llm::prose("![What it shows.](picture.png)\n\nB.") == sections{{"B."}});
    CHECK(llm::prose("```\nnever closed.").empty());
}

TEST_CASE("a line that only leads to something is left out") {
    CHECK(llm::prose("With Meson, say:\n\nA.") == sections{{"A."}});
}

TEST_CASE("of links, code and emphasis the words stay") {
    CHECK(llm::prose("See [the **design**](docs/design.md), `co_yield` and *this*.") ==
          sections{{"See the design, co_yield and this."}});
    CHECK(llm::prose("A link that is [never](closed.").empty());
    CHECK(llm::prose("A picture that is ![never](closed.\n\nB.") == sections{{"B."}});
}

TEST_CASE("tokens are words and marks with the space before them") {
    CHECK(llm::tokens("A topic, of back-pressure.") ==
          texts{"A", " topic", ",", " of", " back-pressure", "."});
    CHECK(llm::tokens("std::string isn't text/event-stream; 2.5 (a)") ==
          texts{"std::string", " isn't", " text/event-stream", ";", " 2.5", " (", "a", ")"});
    CHECK(llm::tokens("a- b. -c :: d:") == texts{"a", "-", " b", ".", " -", "c", " :", ":", " d", ":"});
    CHECK(llm::tokens("naïve 猫 🐈") == texts{"naïve", " 猫", " 🐈"});
}

TEST_CASE("empty lines are a token, and other white space is one space at most") {
    CHECK(llm::tokens("a\n\n\nb") == texts{"a", "\n\n", "b"});
    CHECK(llm::tokens("\n\n a \t\n").size() == 1);
    CHECK(llm::tokens("a   b") == texts{"a", " b"});
    CHECK(llm::tokens("").empty());
    CHECK(llm::tokens(" \n\n ").empty());
}

TEST_CASE("tokens that are joined are the text again") {
    for (const std::string_view text :
         {"A topic, of back-pressure.", "a- b. -c :: d:", "One.\n\nTwo (2.5)!", "x"})
        CHECK(joined(text) == text);
}

TEST_CASE("a word begins with a letter, a digit or what is not ASCII") {
    for (const std::string_view word : {"a", " a", "7", "_x", " 猫"}) CHECK(llm::is_word(word));
    for (const std::string_view mark : {"", " ", ".", " (", "\n\n"}) CHECK_FALSE(llm::is_word(mark));
}
