#pragma once

#include "chat_request.hpp"
#include "engine.hpp"
#include "model.hpp"
#include "statistics.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace llm {

/// The model of this program answers, which needs no network and no key.
class embedded final : public engine {
public:
    /// `pace` is the time from token to token; `counts` must outlive this.
    embedded(std::string_view markdown, std::chrono::milliseconds pace, statistics& counts);

    [[nodiscard]] std::string_view model() const override { return "rill-ngram"; }
    [[nodiscard]] std::string_view about() const override { return about_; }
    [[nodiscard]] rill::task<rill::response> models(std::string id) override;
    [[nodiscard]] rill::task<rill::response> complete(std::string body) override;
    [[nodiscard]] std::unique_ptr<generation> generate(const std::string& body) override;

private:
    [[nodiscard]] std::unique_ptr<generation> answer(const chat_request& wanted);
    void check(std::string_view model) const;

    llm::model model_;
    std::chrono::milliseconds pace_;
    statistics& counts_;
    std::string about_;
    std::string fingerprint_;
    std::int64_t created_; ///< when the program was started, in seconds since 1970
};

} // namespace llm
