#include "model.hpp"

#include "prose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

namespace llm {
namespace {

/// How much is given on what followed one word, two and three. Three words came once, mostly, so that they
/// alone would recite the text.
constexpr std::array<double, model::longest> trust{0.2, 0.45, 0.35};

/// FNV-1a, 64 bits.
std::uint64_t hash(std::string_view text) noexcept {
    std::uint64_t value = 0xcbf29ce484222325;
    for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return value;
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string_view bare(std::string_view token) noexcept {
    return token.substr(token.starts_with(' ') ? 1 : 0);
}

bool ends_sentence(std::string_view token) noexcept {
    return token == "." || token == "?" || token == "!" || token == paragraph_break;
}

/// The last words that are known, as many as came one after the other in the model's text.
std::vector<model::token> known_end(const model& from, std::string_view prompt) {
    std::vector<model::token> words;
    const auto all = tokens(prompt);
    for (auto word = all.rbegin(); word != all.rend() && words.size() < model::longest; ++word) {
        const auto known = is_word(*word) ? from.find(*word) : std::nullopt;
        if (known)
            words.insert(words.begin(), *known);
        else if (!words.empty())
            break;
    }
    while (!words.empty() && from.after(words) == nullptr) words.erase(words.begin());
    return words;
}

} // namespace

model::model(std::string_view markdown)
    : texts_{std::string{paragraph_break}, ""}, fingerprint_{fmt::format("{:016x}", hash(markdown))} {
    for (const auto& section : prose(markdown)) {
        std::vector<token> sequence;
        for (const auto& text : section) {
            sequence.push_back(paragraph);
            for (const auto one : tokens(text)) sequence.push_back(learn(one));
        }
        sequence.push_back(end);
        count(sequence);
        note_openings(sequence);
    }
    if (tokens_read_ == 0) throw std::invalid_argument{"there is nothing to learn from"};
    for (auto& [context, list] : counts_) std::ranges::sort(list);
}

model::token model::learn(std::string_view text) {
    ++tokens_read_;
    const auto [place, is_new] = tokens_.try_emplace(std::string{text}, static_cast<token>(texts_.size()));
    if (is_new) texts_.emplace_back(text);
    return place->second;
}

/// What comes after the beginning of a paragraph is not told by the one before it: else the model would go
/// through its text in order.
void model::count(const std::vector<token>& sequence) {
    std::vector<token> before;
    for (const auto one : sequence) {
        for (std::size_t size = 1; size <= before.size(); ++size) {
            auto& list = counts_[{before.end() - static_cast<std::ptrdiff_t>(size), before.end()}];
            const auto known = std::ranges::find(list, one, &followers::value_type::first);
            if (known == list.end())
                list.emplace_back(one, 1);
            else
                ++known->second;
        }
        if (one == paragraph) before.clear();
        before.push_back(one);
        if (before.size() > longest) before.erase(before.begin());
    }
}

void model::note_openings(const std::vector<token>& sequence) {
    for (std::size_t i = 0; i + 1 + longest < sequence.size(); ++i) {
        if (!ends_sentence(texts_[sequence[i]])) continue;
        const auto first = sequence.begin() + static_cast<std::ptrdiff_t>(i) + 1;
        const std::vector<token> opening{first, first + longest};
        if (std::ranges::any_of(opening, [](token one) { return one <= end; })) continue;
        for (const auto one : opening) openings_[lower(bare(texts_[one]))].push_back(opening);
    }
}

const model::openings& model::with(std::string_view word) const {
    static const openings none;
    const auto known = openings_.find(lower(bare(word)));
    return known == openings_.end() ? none : known->second;
}

std::optional<model::token> model::find(std::string_view word) const {
    // Behind a space first: so it stands in most places.
    for (const auto& form :
         {fmt::format(" {}", bare(word)), fmt::format(" {}", lower(bare(word))), std::string{word}})
        if (const auto known = tokens_.find(form); known != tokens_.end()) return known->second;
    return std::nullopt;
}

const model::followers* model::after(const std::vector<token>& context) const {
    const auto known = counts_.find(context);
    return known == counts_.end() ? nullptr : &known->second;
}

writing::writing(const model& from, std::string_view prompt, const sampling& how)
    : model_{from}, how_{how}, state_{how.seed} {
    choose_opening(prompt);
    if (given_.empty()) context_ = known_end(from, prompt);
    if (beginnings(candidates()).empty()) context_ = {model::paragraph};
}

/// For a prompt that ends a sentence.
void writing::choose_opening(std::string_view prompt) {
    auto words = tokens(prompt);
    if (words.empty() || !ends_sentence(bare(words.back()))) return;
    words.pop_back();
    const model::openings* rarest = nullptr;
    for (auto word = words.rbegin(); word != words.rend() && !ends_sentence(bare(*word)); ++word) {
        const auto& some = model_.with(*word);
        if (is_word(*word) && !some.empty() && (!rarest || some.size() < rarest->size())) rarest = &some;
    }
    if (!rarest) return;
    const auto chosen = static_cast<std::size_t>(random() * static_cast<double>(rarest->size()));
    given_.assign((*rarest)[chosen].rbegin(), (*rarest)[chosen].rend());
}

model::token writing::pick() {
    if (!given_.empty()) {
        const auto given = given_.back();
        given_.pop_back();
        return given;
    }
    auto from = candidates();
    if (!begun_) from = beginnings(std::move(from));
    return draw(std::move(from));
}

std::optional<std::string_view> writing::next() {
    if (over_) return std::nullopt;
    const auto drawn = pick();
    over_ = drawn == model::end;
    if (over_) return std::nullopt;
    if (drawn == model::paragraph) context_.clear();
    context_.push_back(drawn);
    if (context_.size() > model::longest) context_.erase(context_.begin());
    std::string_view text = model_.text(drawn);
    if (!std::exchange(begun_, true) && text.starts_with(' ')) text.remove_prefix(1);
    return text;
}

/// What may follow, each with its share, by token: what followed the longer contexts and the shorter ones,
/// weighed.
writing::shares writing::candidates() const {
    std::map<model::token, double> sum;
    for (std::size_t size = 1; size <= context_.size(); ++size) {
        const auto* list = model_.after({context_.end() - static_cast<std::ptrdiff_t>(size), context_.end()});
        if (list == nullptr) continue;
        double all = 0;
        for (const auto& [one, times] : *list) all += times;
        for (const auto& [one, times] : *list) sum[one] += trust.at(size - 1) * times / all;
    }
    return {sum.begin(), sum.end()};
}

/// Those of them that an answer may begin with, which are words.
writing::shares writing::beginnings(shares from) const {
    std::erase_if(from, [this](const auto& one) { return !is_word(model_.text(one.first)); });
    return from;
}

model::token writing::draw(shares from) {
    // The likeliest first, and of equals the one that came first in the text.
    std::ranges::sort(from, [](const auto& a, const auto& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    if (how_.temperature < 0.01) return from.front().first;
    const auto likeliest = from.front().second; // 1 from here on, so that nothing is too small to count
    double all = 0;
    for (auto& [one, share] : from) {
        share = std::pow(share / likeliest, 1 / how_.temperature);
        all += share;
    }
    double kept = 0;
    std::size_t count = 0;
    while (count < from.size() && (count == 0 || kept < how_.top_p * all)) kept += from[count++].second;
    auto left = random() * kept;
    for (std::size_t i = 0; i + 1 < count; ++i) {
        left -= from[i].second;
        if (left < 0) return from[i].first;
    }
    return from[count - 1].first;
}

/// From 0 to below 1, by SplitMix64: the same numbers on every system.
double writing::random() noexcept {
    state_ += 0x9e3779b97f4a7c15;
    auto z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
    return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1.0p-53;
}

} // namespace llm
