#include <rill/net/detail/epoll_transport.hpp>
#include <rill/net/detail/socket_options.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace rill::detail {
namespace {

constexpr std::uint32_t input = EPOLLIN | EPOLLPRI | EPOLLRDHUP;
/// Told whether asked for or not: what to do then is for a read, or a write, to find out.
constexpr std::uint32_t failure = EPOLLERR | EPOLLHUP;

/// So few bytes cost less to copy than the system takes for being told of several pieces.
constexpr std::size_t worth_joining = 1024;

static_assert(sizeof(epoll_transport) <= 56, "every idle stream has one");

} // namespace

epoll_transport::epoll_transport(asio::io_context& context, connected_socket socket)
    : poller_{asio::use_service<poller>(context)},
      exact_{socket.kind() == connected_socket::family::tcp}, // others stop at a descriptor that was passed
      local_{socket.kind() == connected_socket::family::unix_domain} {
    poller_.add(socket.descriptor(), *this, input);
    // NOLINTNEXTLINE(cppcoreguidelines-prefer-member-initializer): `socket` closes it if that throws
    socket_ = socket.release();
}

epoll_transport::~epoll_transport() {
    close(false);
}

/// What a system call came to. `ready` is cleared if it found that nothing more goes: there was less than
/// `wanted`, where that is `exact`, or nothing.
transport::result epoll_transport::outcome_of(ssize_t bytes, std::size_t wanted, bool exact,
                                              bool& ready) noexcept {
    if (bytes > 0) {
        const auto moved = static_cast<std::size_t>(bytes);
        if (exact && moved < wanted) ready = false;
        return {status::moved, moved};
    }
    if (bytes == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) return {status::ended};
    if (errno != EINTR) ready = false;
    return {status::blocked};
}

transport::result epoll_transport::read_some(std::span<char> space) noexcept {
    return outcome_of(::recv(socket_, space.data(), space.size(), MSG_DONTWAIT), space.size(), exact_,
                      readable_);
}

transport::result epoll_transport::write_some(std::span<const std::string_view> pieces) noexcept {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): as many as are used are set
    std::array<iovec, most_pieces> buffers;
    msghdr message{};
    message.msg_iov = buffers.data();
    std::size_t size = 0;
    for (const auto piece : pieces) {
        if (piece.empty()) continue;
        if (message.msg_iovlen == buffers.size()) break;
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the system only reads it
        buffers[message.msg_iovlen++] = {const_cast<char*>(piece.data()), piece.size()};
        size += piece.size();
    }
    if (size == 0) return {status::blocked};
    constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    if (message.msg_iovlen == 1)
        return outcome_of(::send(socket_, buffers[0].iov_base, size, flags), size, true, writable_);
    if (size > worth_joining) return outcome_of(::sendmsg(socket_, &message, flags), size, true, writable_);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): as much as is used is set
    std::array<char, worth_joining> joined;
    auto* end = joined.data();
    for (const auto& buffer : std::span{buffers}.first(message.msg_iovlen)) {
        std::memcpy(end, buffer.iov_base, buffer.iov_len);
        end += buffer.iov_len;
    }
    return outcome_of(::send(socket_, joined.data(), size, flags), size, true, writable_);
}

void epoll_transport::wait_readable(std::shared_ptr<observer> who) {
    if (readable_ || socket_ < 0)
        tell(poller_.context(), std::move(who), &observer::on_readable);
    else
        reader_ = std::move(who);
}

/// Most connections are never blocked. And a Unix socket has an edge for each piece that its peer takes,
/// which would wake the event loop for nothing.
void epoll_transport::wait_writable(std::shared_ptr<observer> who) {
    if (writable_ || socket_ < 0) return tell(poller_.context(), std::move(who), &observer::on_writable);
    if (!watches_write_) poller_.change(socket_, *this, input | EPOLLOUT);
    watches_write_ = true;
    writer_ = std::move(who);
}

/// An end, an error or urgent data stand behind bytes that a read may stop at, and have no edge of their own
/// any more: from then on only a read that finds nothing shows that nothing is there.
void epoll_transport::on_events(std::uint32_t events) {
    std::shared_ptr<observer> reader, writer;
    if ((events & (failure | EPOLLRDHUP | EPOLLPRI)) != 0) {
        exact_ = false;
        if ((events & failure) != 0)
            peer_ = peer_state::gone;
        else if ((events & EPOLLRDHUP) != 0)
            peer_ = peer_state::finished;
    }
    if ((events & (failure | input)) != 0) {
        readable_ = true;
        reader = std::move(reader_);
    }
    if ((events & (failure | EPOLLOUT)) != 0) {
        writable_ = true;
        writer = std::move(writer_);
    }
    if (reader) {
        tell(poller_.context(), std::move(writer), &observer::on_writable); // even if the other throws
        reader->on_readable();
    } else if (writer) {
        writer->on_writable();
    }
}

void epoll_transport::shutdown_write() noexcept {
    ::shutdown(socket_, SHUT_WR);
}

void epoll_transport::close(bool reset) noexcept {
    if (socket_ < 0) return;
    if (reset) {
        const linger at_once{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    poller_.remove(socket_, *this);
    ::close(std::exchange(socket_, -1));
    auto& loop = poller_.context();
    auto reader = std::move(reader_), writer = std::move(writer_);
    tell_closed(loop, std::move(reader), &observer::on_readable);
    tell_closed(loop, std::move(writer), &observer::on_writable);
}

std::size_t epoll_transport::unacknowledged() noexcept {
    return detail::unacknowledged(socket_);
}

bool epoll_transport::unanswered_for(std::chrono::milliseconds time) noexcept {
    return leaves_unanswered(socket_, time);
}

bool epoll_transport::is_near() noexcept {
    return detail::is_near(socket_);
}

connection_ends epoll_transport::ends() const {
    const auto peer = peer_of(socket_);
    return peer ? ends_with(*peer) : connection_ends{};
}

void prepare_for_sockets(asio::io_context& context) {
    asio::use_service<poller>(context);
}

std::unique_ptr<transport> make_socket_transport(asio::io_context& context, connected_socket socket) {
    return std::make_unique<epoll_transport>(context, std::move(socket));
}

} // namespace rill::detail
