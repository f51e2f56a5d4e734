#pragma once

#include <rill/client/client_response.hpp>

#include "engine.hpp"
#include "statistics.hpp"
#include "upstream.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace llm {

/// The text out of a stream of upstream's, which is asked when the first piece is.
class upstream_generation final : public generation {
public:
    upstream_generation(upstream& from, std::string body);

    [[nodiscard]] rill::task<std::optional<std::string>> next() override;
    [[nodiscard]] std::string_view finish_reason() const override { return finish_reason_; }
    [[nodiscard]] usage used() const override { return used_; }

private:
    [[nodiscard]] rill::task<void> open();
    /// The text in an event, and what else it says; it may be none.
    [[nodiscard]] std::string take(const std::string& data);

    upstream& from_;
    std::string body_;
    std::optional<rill::client_response> stream_;
    statistics::generation counted_;
    std::string finish_reason_;
    usage used_;
    bool over_ = false;
};

} // namespace llm
