#pragma once

#include <rill/client/client_response.hpp>

#include "engine.hpp"
#include "statistics.hpp"
#include "upstream.hpp"
#include "upstream_request.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace llm {

/// The text out of a stream of upstream's, which is asked when the first piece is.
class upstream_generation final : public generation {
public:
    upstream_generation(upstream& from, upstream_request request);

    [[nodiscard]] rill::task<std::optional<std::string>> next() override;
    /// "stop" if the server has said that this was all, and not why.
    [[nodiscard]] std::string_view finish_reason() const override {
        return finish_reason_.empty() ? std::string_view{"stop"} : finish_reason_;
    }
    [[nodiscard]] usage used() const override { return used_; }

private:
    [[nodiscard]] rill::task<void> open();
    /// The text in an event, and what else it says; it may be none. Throws a `refusal` if it is an error.
    [[nodiscard]] std::string take(const rill::message& event);
    [[nodiscard]] std::string take_chunk(const nlohmann::json& chunk);
    [[noreturn]] void fail(const std::string& data) const;

    upstream& from_;
    upstream_request request_;
    std::optional<rill::client_response> stream_;
    statistics::generation counted_;
    std::string finish_reason_;
    usage used_;
    bool begun_ = false; ///< there was a chunk of an answer
    bool over_ = false;
};

} // namespace llm
