#include <rill/net/detail/shard.hpp>
#include <rill/testing/detail/wire.hpp>
#include <rill/testing/server.hpp>

#include <fmt/format.h>

#include <limits>
#include <stdexcept>
#include <utility>

namespace rill::testing {
namespace {

/// Connections of memory are no files.
server_options without_files(server_options options) noexcept {
    auto& most = options.limits.max_connections;
    if (most == 0) most = std::numeric_limits<std::size_t>::max();
    return options;
}

} // namespace

connection::connection(std::shared_ptr<detail::wire> wire) noexcept : wire_{std::move(wire)} {}
connection::connection(connection&&) noexcept = default;
connection& connection::operator=(connection&& other) noexcept {
    std::swap(wire_, other.wire_);
    return *this;
}
connection::~connection() {
    if (wire_) wire_->close();
}

void connection::send(std::string_view bytes) {
    wire_->send(bytes);
}
std::string connection::receive() {
    return wire_->receive();
}
void connection::finish() {
    wire_->finish();
}
void connection::close() {
    wire_->close();
}
void connection::window(std::size_t bytes) {
    wire_->window(bytes);
}
void connection::read_at(const pace& speed) {
    wire_->read_at(speed);
}
bool connection::ended() const noexcept {
    return wire_->server_ended();
}
bool connection::was_reset() const noexcept {
    return wire_->server_reset();
}
std::size_t connection::writes() const noexcept {
    return wire_->writes();
}

class server::impl {
public:
    impl(const router& routes, const server_options& options) : common{routes, without_files(options)} {}

    const rill::detail::service common;
    rill::detail::peer_address peer; ///< of connections to come
    rill::detail::shard shard{common, rill::detail::timers::clock_kind::manual};
};

server::server(const router& routes, const server_options& options)
    : impl_{std::make_unique<impl>(routes, options)} {}
server::~server() = default;

connection server::connect() {
    auto& shard = impl_->shard;
    auto wire = std::make_shared<detail::wire>(shard.context(), shard.common().bounds.unsent_bytes);
    const auto how = impl_->common.admit(true);
    shard.expect_connection();
    shard.open(shard.prepared(std::make_unique<detail::memory_transport>(wire, impl_->peer)), how);
    return rill::testing::connection{std::move(wire)};
}

void server::come_from(std::string_view address) {
    const auto peer = rill::detail::peer_address::parse(address);
    if (!peer) throw std::invalid_argument{fmt::format("'{}' is not an address", address)};
    impl_->peer = *peer;
}

reply server::get(std::string_view target, std::initializer_list<header> fields) {
    return send("GET", target, {}, fields);
}

reply server::post(std::string_view target, std::string_view body, std::initializer_list<header> fields) {
    return send("POST", target, body, fields);
}

reply server::send(std::string_view method, std::string_view target, std::string_view body,
                   std::initializer_list<header> fields) {
    auto text = fmt::format("{} {} HTTP/1.1\r\nHost: test\r\n", method, target);
    for (const auto& [name, value] : fields) text += fmt::format("{}: {}\r\n", name, value);
    if (!body.empty()) text += fmt::format("Content-Length: {}\r\n", body.size());
    text += "\r\n";
    text += body;
    auto connection = connect();
    connection.send(text);
    return reply{std::move(connection), method == "HEAD"};
}

void server::advance(duration time) {
    impl_->shard.timers().advance(time, [this] { run(); });
}

void server::run() {
    impl_->shard.context().restart();
    impl_->shard.context().poll();
}

void server::announce_stop() noexcept {
    impl_->common.stopping.store(true, std::memory_order_relaxed);
}

void server::drain() {
    impl_->shard.drain([] {});
    run();
}

server_statistics server::statistics() const noexcept {
    auto all = impl_->common.statistics();
    all.cut_slow = impl_->shard.cut_slow();
    return all;
}

std::size_t server::connections() const noexcept {
    return impl_->shard.connections();
}

} // namespace rill::testing
