#include "embedded.hpp"

#include <rill/coro/event_stream.hpp>
#include <rill/coro/sleep.hpp>

#include "completion.hpp"
#include "prose.hpp"
#include "refusal.hpp"
#include "stops.hpp"
#include "upstream_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

namespace llm {
namespace {

constexpr std::size_t tokens_by_default = 400;

std::uint64_t count_tokens(const chat_request& wanted) {
    std::uint64_t sum = 0;
    for (const auto& said : wanted.messages) sum += tokens(said.content).size();
    return sum;
}

sampling sampling_of(const chat_request& wanted) {
    std::random_device draw;
    const auto seed = wanted.seed ? static_cast<std::uint64_t>(*wanted.seed)
                                  : static_cast<std::uint64_t>(draw()) << 32U | draw();
    return {.temperature = wanted.temperature.value_or(1), .top_p = wanted.top_p.value_or(1), .seed = seed};
}

class embedded_generation final : public generation {
public:
    embedded_generation(const model& from, const chat_request& wanted, std::chrono::milliseconds pace,
                        statistics& counts)
        : writing_{from, wanted.prompt(), sampling_of(wanted)},
          stops_{wanted.stop},
          pace_{pace},
          left_{std::min(wanted.max_tokens.value_or(tokens_by_default), chat_request::most_tokens)},
          counted_{counts} {
        used_.prompt_tokens = count_tokens(wanted);
    }

    rill::task<std::optional<std::string>> next() override {
        std::string text;
        while (text.empty() && !over_) {
            co_await rill::sleep_for(pace_);
            text = step();
        }
        if (text.empty()) co_return std::nullopt;
        co_return text;
    }

    std::string_view finish_reason() const override { return finish_reason_; }
    usage used() const override { return used_; }

private:
    /// What one token more lets through; it may be nothing.
    std::string step() {
        if (left_ == 0) return end("length");
        const auto token = writing_.next();
        if (!token) return end("stop");
        --left_;
        ++used_.completion_tokens;
        counted_.piece();
        auto text = stops_.add(*token);
        if (stops_.stopped()) end("stop");
        return text;
    }

    std::string end(std::string_view why) {
        over_ = true;
        finish_reason_ = why;
        counted_.finish();
        return stops_.rest();
    }

    writing writing_;
    stops stops_;
    std::chrono::milliseconds pace_;
    std::size_t left_; ///< tokens
    statistics::generation counted_;
    usage used_;
    std::string_view finish_reason_;
    bool over_ = false;
};

rill::event_stream chunks(std::unique_ptr<generation> from, completion shape, bool with_usage) {
    co_yield {.data = shape.opening()};
    while (const auto text = co_await from->next()) co_yield {.data = shape.chunk(*text)};
    co_yield {.data = shape.closing(from->finish_reason())};
    if (with_usage) co_yield {.data = shape.counted(from->used())};
    co_yield {.data = "[DONE]"};
}

} // namespace

embedded::embedded(std::string_view markdown, std::chrono::milliseconds pace, statistics& counts)
    : model_{markdown},
      pace_{pace},
      counts_{counts},
      about_{fmt::format("A toy: it has counted which words follow which in Rill's own documents, {} in all, "
                         "and draws from that. What it says has their sound, and no sense.",
                         model_.tokens_read())},
      fingerprint_{fmt::format("fp_{:.10}", model_.fingerprint())},
      created_{std::chrono::duration_cast<std::chrono::seconds>(
                   std::chrono::system_clock::now().time_since_epoch())
                   .count()} {}

void embedded::check(std::string_view model_name) const {
    if (model_name == model()) return;
    throw refusal{rill::status::not_found,
                  fmt::format("there is no model '{:.60}', only '{}'", model_name, model()), "model",
                  "model_not_found"};
}

rill::task<rill::response> embedded::models(std::string id) {
    if (!id.empty()) check(id);
    auto card = model_card(model(), created_, about_);
    if (id.empty()) card = model_list(card);
    co_return rill::response::json(std::move(card));
}

rill::task<rill::response> embedded::complete(std::string body) {
    const auto wanted = read_chat_request(body);
    auto from = answer(wanted);
    completion shape{model(), fingerprint_, wanted.include_usage};
    if (wanted.stream) {
        auto events = chunks(std::move(from), std::move(shape), wanted.include_usage);
        co_return std::move(events);
    }
    std::string all;
    while (const auto text = co_await from->next()) all += *text;
    co_return rill::response::json(shape.whole(all, from->finish_reason(), from->used()));
}

std::unique_ptr<generation> embedded::generate(const std::string& body) {
    return answer(read_chat_request(streamed(body, model()).body));
}

std::unique_ptr<generation> embedded::answer(const chat_request& wanted) {
    check(wanted.model);
    return std::make_unique<embedded_generation>(model_, wanted, pace_, counts_);
}

} // namespace llm
