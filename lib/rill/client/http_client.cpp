#include <rill/client/detail/client_core.hpp>
#include <rill/client/detail/exchange_in_flight.hpp>
#include <rill/client/http_client.hpp>

#include <utility>

namespace rill {
namespace {

task<client_response> response_to(std::shared_ptr<detail::client_core> core, client_request request) {
    auto flight = co_await core->send(std::move(request), nullptr);
    co_return client_response{std::move(flight)};
}

} // namespace

http_client::http_client(std::string_view base, const client_options& options)
    : core_{std::make_shared<detail::client_core>(base, options)} {}

http_client::~http_client() = default;

http_client& http_client::set(std::string_view name, std::string_view value) {
    core_->defaults.set(name, value);
    return *this;
}

task<client_response> http_client::send(client_request request) {
    return response_to(core_, std::move(request));
}

task<client_response> http_client::get(std::string_view url) {
    return send(client_request{method::get, url});
}

task<client_response> http_client::post(std::string_view url, std::string body,
                                        std::string_view content_type) {
    return send(client_request{method::post, url}.body(std::move(body), content_type));
}

} // namespace rill
