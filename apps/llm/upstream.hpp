#pragma once

#include <rill/base/error.hpp>
#include <rill/client/http_client.hpp>

#include "engine.hpp"
#include "refusal.hpp"
#include "secrets.hpp"
#include "statistics.hpp"
#include "upstream_address.hpp"
#include "upstream_request.hpp"

#include <string>
#include <string_view>

namespace llm {

/// Which server answers.
struct upstream_options {
    std::string url;     ///< of the API, as https://llm.example/v1; see `upstream_address`
    std::string model;   ///< for requests that name none; may be empty
    std::string key;     ///< its secret; empty if it wants none
    std::string ca_file; ///< authorities to trust in place of the system's; empty for those
};

/// A server elsewhere answers that speaks the same API. What it says is passed on one to one: its events as
/// they come, and no faster than the client takes them; its errors with their status. When the client leaves,
/// the server is left at once.
///
/// The key goes to that server and to nobody else, and so does what a client asks: a redirect is followed
/// only within the same origin. What the server quotes of the key is hidden (see `secrets`).
class upstream final : public engine {
public:
    /// Throws `std::invalid_argument` if the URL is not one, and `rill::error` if the authorities cannot be
    /// read. `counts` must outlive this.
    upstream(upstream_options options, statistics& counts);

    [[nodiscard]] std::string_view model() const override { return model_; }
    [[nodiscard]] std::string_view about() const override { return about_; }
    [[nodiscard]] rill::task<rill::response> models(std::string id) override;
    [[nodiscard]] rill::task<rill::response> complete(std::string body) override;
    [[nodiscard]] std::unique_ptr<generation> generate(const std::string& body) override;

private:
    friend class upstream_generation;
    /// Throws a `refusal` 502 if there is no answer, or it is a redirect to another origin.
    [[nodiscard]] rill::task<rill::client_response> ask(rill::client_request request);
    [[nodiscard]] rill::task<rill::client_response> ask_to_complete(upstream_request wanted);
    /// The whole of an answer that is not a stream.
    [[nodiscard]] rill::task<rill::response> pass_on(rill::client_response answer);
    [[nodiscard]] rill::task<std::string> body_of(rill::client_response& answer);
    /// What to tell where the body of an answer with that status cannot be read.
    [[nodiscard]] refusal unreadable(rill::status code, const rill::error& why) const;

    const std::string model_;
    const upstream_address address_;
    const secrets secrets_;
    rill::http_client client_;
    statistics& counts_;
    std::string about_;
};

} // namespace llm
