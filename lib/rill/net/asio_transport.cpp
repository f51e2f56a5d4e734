// Sockets as Asio watches them, wherever it runs.
#include <rill/net/detail/socket_options.hpp>
#include <rill/net/detail/socket_transport.hpp>

#include <asio/basic_stream_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/generic/stream_protocol.hpp>

#include <array>
#include <span>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace rill::detail {
namespace {

transport::result outcome_of(std::size_t bytes, asio::error_code failure) noexcept {
    using enum transport::status;
    if (bytes > 0) return {moved, bytes};
    if (failure == asio::error::would_block || failure == asio::error::try_again ||
        failure == asio::error::interrupted)
        return {blocked};
    return {ended};
}

class asio_transport final : public transport {
public:
    asio_transport(asio::io_context& context, connected_socket socket);

    result read_some(std::span<char> space) noexcept override;
    result write_some(std::span<const std::string_view> pieces) noexcept override;
    void wait_readable(std::shared_ptr<observer> who) override;
    void wait_writable(std::shared_ptr<observer> who) override;
    void shutdown_write() noexcept override;
    void close(bool reset) noexcept override;
    [[nodiscard]] std::size_t unacknowledged() noexcept override;
    [[nodiscard]] bool unanswered_for(std::chrono::milliseconds time) noexcept override;
    [[nodiscard]] bool is_near() noexcept override;
    [[nodiscard]] connection_ends ends() const override;
    [[nodiscard]] bool local() const noexcept override { return local_; }

private:
    using stream_socket =
        asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

    stream_socket socket_;
    bool local_;
};

asio_transport::asio_transport(asio::io_context& context, connected_socket socket)
    : socket_{context}, local_{socket.kind() == connected_socket::family::unix_domain} {
    // Of which version of IP it is, nobody asks.
    socket_.assign(asio::generic::stream_protocol{local_ ? AF_UNIX : AF_INET, 0}, socket.descriptor());
    static_cast<void>(socket.release());
    asio::error_code ignored; // a peer that has gone already is found out by the first read
    socket_.non_blocking(true, ignored);
}

transport::result asio_transport::read_some(std::span<char> space) noexcept {
    asio::error_code failure;
    const auto bytes = socket_.read_some(asio::buffer(space.data(), space.size()), failure);
    return outcome_of(bytes, failure);
}

transport::result asio_transport::write_some(std::span<const std::string_view> pieces) noexcept {
    std::array<asio::const_buffer, most_pieces> buffers;
    std::size_t count = 0;
    for (const auto piece : pieces)
        if (!piece.empty() && count < buffers.size()) buffers[count++] = asio::buffer(piece);
    if (count == 0) return {status::blocked};
    asio::error_code failure;
    const auto bytes = socket_.write_some(std::span{buffers}.first(count), failure);
    return outcome_of(bytes, failure);
}

void asio_transport::wait_readable(std::shared_ptr<observer> who) {
    socket_.async_wait(stream_socket::wait_read,
                       [who = std::move(who)](asio::error_code) { who->on_readable(); });
}

void asio_transport::wait_writable(std::shared_ptr<observer> who) {
    socket_.async_wait(stream_socket::wait_write,
                       [who = std::move(who)](asio::error_code) { who->on_writable(); });
}

void asio_transport::shutdown_write() noexcept {
    asio::error_code ignored;
    socket_.shutdown(stream_socket::shutdown_send, ignored);
}

void asio_transport::close(bool reset) noexcept {
    asio::error_code ignored;
    if (reset) socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
    socket_.close(ignored);
}

std::size_t asio_transport::unacknowledged() noexcept {
    return detail::unacknowledged(socket_.native_handle());
}

bool asio_transport::unanswered_for(std::chrono::milliseconds time) noexcept {
    return leaves_unanswered(socket_.native_handle(), time);
}

bool asio_transport::is_near() noexcept {
    return detail::is_near(socket_.native_handle());
}

connection_ends asio_transport::ends() const {
    asio::error_code failure;
    const auto peer = socket_.remote_endpoint(failure);
    return failure ? connection_ends{} : ends_with(peer);
}

} // namespace

void prepare_for_sockets(asio::io_context&) {} // the context has it

std::unique_ptr<transport> make_socket_transport(asio::io_context& context, connected_socket socket) {
    return std::make_unique<asio_transport>(context, std::move(socket));
}

} // namespace rill::detail
