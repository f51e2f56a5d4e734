#include <rill/client/client_response.hpp>
#include <rill/client/detail/exchange_in_flight.hpp>

namespace rill {

client_response::client_response(std::unique_ptr<detail::exchange_in_flight> from) noexcept
    : in_flight_{std::move(from)} {}
client_response::client_response(client_response&&) noexcept = default;
client_response& client_response::operator=(client_response&&) noexcept = default;
client_response::~client_response() = default;

rill::status client_response::status() const noexcept {
    return in_flight_->head().status;
}
const rill::fields& client_response::fields() const noexcept {
    return in_flight_->head().fields;
}
const std::string& client_response::url() const noexcept {
    return in_flight_->shown_url();
}
bool client_response::is_event_stream() const noexcept {
    return in_flight_->is_event_stream();
}
task<std::string_view> client_response::read() {
    return in_flight_->read();
}
task<std::string> client_response::bytes() {
    return in_flight_->bytes();
}
task<const message*> client_response::next() {
    return in_flight_->next();
}

} // namespace rill
