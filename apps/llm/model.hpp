#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace llm {

/// A language model, a real one and a toy: it counts which words follow which in the text that it is given,
/// after one, two and three words, and draws from these counts what it says. It knows nothing, and what it
/// says has the sound of its text, and no sense.
///
/// It does not change once it is made: any thread may use it.
///
/// **Example**
///
///     const llm::model docs{markdown};
///     llm::writing answer{docs, "What is a topic?", llm::sampling{.seed = 7}};
///     while (const auto token = answer.next()) std::cout << *token;
class model {
public:
    using token = std::uint32_t;
    /// What followed, and how often; by token, so that a seed draws the same each time.
    using followers = std::vector<std::pair<token, std::uint32_t>>;

    /// Not among the words: the beginning of a paragraph, and the end of an answer.
    static constexpr token paragraph = 0;
    static constexpr token end = 1;
    /// So many words back it looks.
    static constexpr std::size_t longest = 3;

    /// Learns from a text in Markdown. Throws `std::invalid_argument` if there is no prose in it.
    explicit model(std::string_view markdown);

    /// Different for different texts: 16 hexadecimal digits.
    [[nodiscard]] const std::string& fingerprint() const noexcept { return fingerprint_; }
    /// How many words and marks it knows, and how many it has read.
    [[nodiscard]] std::size_t vocabulary() const noexcept { return texts_.size() - 2; }
    [[nodiscard]] std::size_t tokens_read() const noexcept { return tokens_read_; }

    [[nodiscard]] const std::string& text(token t) const { return texts_.at(t); }
    /// The word in a form that is known: behind a space, in lower case, or as it stands.
    [[nodiscard]] std::optional<token> find(std::string_view word) const;
    /// What follows the `longest` tokens at most; null if these never came.
    [[nodiscard]] const followers* after(const std::vector<token>& context) const;

    /// How sentences begin that have the word, in any case, among their first ones; none if it is not known.
    using openings = std::vector<std::vector<token>>;
    [[nodiscard]] const openings& with(std::string_view word) const;

private:
    token learn(std::string_view text);
    void count(const std::vector<token>& sequence);
    void note_openings(const std::vector<token>& sequence);

    std::vector<std::string> texts_;
    std::unordered_map<std::string, token> tokens_;
    std::map<std::vector<token>, followers> counts_;
    std::unordered_map<std::string, openings> openings_; ///< by word, in lower case and without the space
    std::size_t tokens_read_ = 0;
    std::string fingerprint_;
};

/// How to draw.
struct sampling {
    double temperature = 1; ///< from 0, which always takes what is likeliest, to 2, which hardly minds
    double top_p = 1;       ///< only the likeliest that make up this share, from 0 to 1
    std::uint64_t seed = 0;
};

/// An answer under way. The same model, prompt and sampling give the same answer.
class writing {
public:
    /// Begins as a sentence does that has the rarest word of the last sentence in `prompt`; or if that is no
    /// whole sentence, goes on where it stops. Where no word is known it begins a paragraph. `from` must
    /// outlive this.
    writing(const model& from, std::string_view prompt, const sampling& how);

    /// The next token, a view of the model's; nothing at the end of the answer.
    [[nodiscard]] std::optional<std::string_view> next();

private:
    using shares = std::vector<std::pair<model::token, double>>;
    void choose_opening(std::string_view prompt);
    [[nodiscard]] shares candidates() const;
    [[nodiscard]] shares beginnings(shares from) const;
    [[nodiscard]] model::token pick();
    [[nodiscard]] model::token draw(shares from);
    [[nodiscard]] double random() noexcept;

    const model& model_;
    sampling how_;
    std::uint64_t state_;
    std::vector<model::token> given_;   ///< what it begins with, the last one first
    std::vector<model::token> context_; ///< of `model::longest` tokens at most
    bool begun_ = false;
    bool over_ = false;
};

} // namespace llm
