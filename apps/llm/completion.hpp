#pragma once

#include "engine.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace llm {

/// The answers of `POST /v1/chat/completions`, in JSON: as a whole, or in chunks. What is the same in all of
/// an answer's is made once.
class completion {
public:
    /// Draws an id. With `tells_usage` each chunk has a member `usage`, which is null in all but the last.
    completion(std::string_view model, std::string_view fingerprint, bool tells_usage);

    /// The first chunk, which says whose words follow.
    [[nodiscard]] std::string opening() const;
    [[nodiscard]] std::string chunk(std::string_view text) const;
    [[nodiscard]] std::string closing(std::string_view finish_reason) const;
    /// Behind the last choice, if the usage is wanted.
    [[nodiscard]] std::string counted(const usage& used) const;

    [[nodiscard]] std::string whole(std::string_view text, std::string_view finish_reason,
                                    const usage& used) const;

private:
    std::string id_;
    std::string model_;
    std::string fingerprint_;
    std::int64_t created_; ///< seconds since 1970
    bool tells_usage_;
};

/// So many random bits as a hexadecimal number that nobody guesses.
[[nodiscard]] std::string random_id();

/// The members of `used` and their sum.
[[nodiscard]] nlohmann::ordered_json counts(const usage& used);

/// A model as `GET /v1/models/{id}` has it, and the list with it alone; `about` is a member of ours.
[[nodiscard]] std::string model_card(std::string_view id, std::int64_t created, std::string_view about);
[[nodiscard]] std::string model_list(std::string_view card);

} // namespace llm
