#include "llm/corpus.hpp"
#include "llm/model.hpp"
#include "llm/prose.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

const llm::model& docs() {
    static const llm::model made{corpus()};
    return made;
}

/// The answer, up to so many tokens.
std::string answer(const llm::model& from, std::string_view prompt, const llm::sampling& how,
                   int most = 1000) {
    llm::writing under_way{from, prompt, how};
    std::string text;
    while (most-- > 0) {
        const auto token = under_way.next();
        if (!token) break;
        text += *token;
    }
    return text;
}

} // namespace

TEST_CASE("a text without prose teaches nothing") {
    CHECK_THROWS_AS(llm::model{""}, std::invalid_argument);
    CHECK_THROWS_AS(llm::model{"# Title\n\n```\ncode\n```\n"}, std::invalid_argument);
}

TEST_CASE("what it has read once it says as it was") {
    const llm::model one{"# Ticks\n\nA tick comes each second, and is counted.\n\nIt never ends."};
    CHECK(answer(one, "", {.temperature = 0}).starts_with("A tick comes each second, and is counted."));
    CHECK(one.tokens_read() == 14);
    CHECK(one.vocabulary() == 13); // the full stop comes twice
}

TEST_CASE("it goes on where the prompt stops") {
    const llm::model one{"The cat sat down.\n\nThe dog ran off."};
    CHECK(answer(one, "My dog", {}).starts_with("ran off."));
    CHECK(answer(one, "the CAT", {}).starts_with("sat down."));
    CHECK(answer(one, "dog zebra", {}).starts_with("ran off."));
    CHECK(answer(one, "the cat,", {}).starts_with("sat down."));
}

TEST_CASE("to a whole sentence it says one that begins with the rarest of its words") {
    const llm::model one{"The cat sat down. The dog ran off. The dog lay there. The zebra stood still."};
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        CHECK(
            answer(one, "Dog. What is a zebra, or the dog?", {.seed = seed}).starts_with("The zebra stood"));
        CHECK(answer(one, "And a DOG?", {.seed = seed}).starts_with("The dog "));
    }
}

TEST_CASE("where no word is known it begins a paragraph") {
    const llm::model one{"One word. Two words.\n\nOne more."};
    for (const std::string_view prompt : {"", "?", "zebra", "What zebra?", "\n\n", "猫", "."}) {
        CAPTURE(prompt);
        CHECK(answer(one, prompt, {}).starts_with("One "));
    }
}

TEST_CASE("an answer is never empty, and has no white space at its ends") {
    for (const std::string_view prompt : {"", "What is a topic?", "a topic", "end", "client.", "zebra"})
        for (std::uint64_t seed = 0; seed < 50; ++seed) {
            const auto text = answer(docs(), prompt, {.seed = seed}, 100'000); // to its own end
            CAPTURE(text);
            REQUIRE_FALSE(text.empty());
            CHECK(llm::is_word(text.substr(0, 1)));
            CHECK(text.find_last_not_of(" \n") + 1 == text.size());
        }
}

TEST_CASE("the same seed gives the same answer, another one another") {
    std::set<std::string> all;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto text = answer(docs(), "What is a topic?", {.seed = seed});
        CHECK(text == answer(docs(), "What is a topic?", {.seed = seed}));
        all.insert(text);
    }
    CHECK(all.size() == 20);
}

TEST_CASE("a seed draws the same on every system") {
    const llm::model letters{"a b. a c. a d. a e. a f. a g. a h. a i."};
    CHECK(answer(letters, "a", {.seed = 1}, 1) == "f");
    CHECK(answer(letters, "a", {.seed = 2}, 1) == "g");
    CHECK(answer(letters, "a", {.seed = 3}, 1) == "c");
}

TEST_CASE("cold it takes what is likeliest, hot what is rare as well") {
    const llm::model one{"see a. see a. see a. see a. see a. see a. see b. see a. see a. see a."};
    const auto times_b = [&one](double temperature) {
        int count = 0;
        for (std::uint64_t seed = 0; seed < 1000; ++seed)
            count += answer(one, "see", {.temperature = temperature, .seed = seed}, 1) == "b" ? 1 : 0;
        return count;
    };
    CHECK(times_b(0) == 0);
    CHECK(times_b(0.2) == 0);
    CHECK(times_b(1) > 60);
    CHECK(times_b(1) < 140);
    CHECK(times_b(2) > 200);
}

TEST_CASE("top_p leaves out what is unlikely") {
    const llm::model one{"Look. see a. see a. see a. see b. see b. see c."};
    const auto drawn = [&one](double top_p) {
        std::set<std::string> all;
        for (std::uint64_t seed = 0; seed < 200; ++seed)
            all.insert(answer(one, "see", {.top_p = top_p, .seed = seed}, 1));
        return all;
    };
    CHECK(drawn(1) == std::set<std::string>{"a", "b", "c"});
    CHECK(drawn(0.8) == std::set<std::string>{"a", "b"});
    CHECK(drawn(0.5) == std::set<std::string>{"a"});
    CHECK(drawn(0) == std::set<std::string>{"a"});
}

TEST_CASE("all temperatures end, however far from the middle") {
    for (const double temperature : {0.0, 0.01, 0.05, 2.0})
        CHECK_FALSE(answer(docs(), "The", {.temperature = temperature, .seed = 1}).empty());
}

TEST_CASE("it mixes what it has read, and does not recite it") {
    const auto read = corpus();
    int recited = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto text = answer(docs(), "", {.seed = seed}, 40);
        if (read.find(text) != std::string::npos) ++recited;
    }
    CHECK(recited < 10);
}

TEST_CASE("a fingerprint is the text's") {
    CHECK(llm::model{"A text."}.fingerprint() == llm::model{"A text."}.fingerprint());
    CHECK(llm::model{"A text."}.fingerprint() != llm::model{"A test."}.fingerprint());
    CHECK(docs().fingerprint().size() == 16);
}
