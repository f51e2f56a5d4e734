#include <rill/client/detail/connection.hpp>
#include <rill/net/detail/socket_options.hpp>

#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace rill::detail {
namespace {

using asio::ip::tcp;

/// A piece of a request's body: the server must take it within the time for a wait.
constexpr std::size_t piece = std::size_t{64} * 1024;

/// What ended a wait: the deadline, the coroutine's own cancellation, or what the system says.
[[noreturn]] void fail(std::error_code result, const deadline& limit, std::string words) {
    if (const auto passed = limit.passed()) throw connection_failure{*passed, std::move(words)};
    if (result == asio::error::operation_aborted) throw std::system_error{result};
    throw connection_failure{in_standard_terms(result), std::move(words)};
}

} // namespace

/// Ends a write when there is something to read. What waits for that may stay behind, until there is.
class connection::ear {
public:
    explicit ear(tcp::socket& socket) : state_{std::make_shared<state>()} {
        state_->socket = &socket;
        socket.async_wait(tcp::socket::wait_read, [s = state_](asio::error_code failed) {
            if (failed || s->socket == nullptr) return;
            s->heard = true;
            asio::error_code ignored;
            s->socket->cancel(ignored);
        });
    }
    ear(const ear&) = delete;
    ear& operator=(const ear&) = delete;
    ~ear() { state_->socket = nullptr; }

    [[nodiscard]] bool has_heard() const noexcept { return state_->heard; }

private:
    struct state {
        tcp::socket* socket = nullptr; ///< null once nobody listens
        bool heard = false;
    };
    std::shared_ptr<state> state_;
};

task<bool> connection::try_address(tcp::endpoint where, asio::error_code& result) {
    asio::error_code ignored;
    socket_.close(ignored); // of the attempt before
    socket_.open(where.protocol(), result);
    if (result) co_return false;
    close_on_exec(socket_.native_handle());
    co_await socket_.async_connect(where, asio::redirect_error(asio::use_awaitable, result));
    co_return !result;
}

task<void> connection::connect(std::string host, std::uint16_t port, const client_options& times,
                               deadline& limit) {
    limit.expect(times.resolve_timeout, client_errc::resolve_timeout);
    name_lookup::addresses addresses;
    std::error_code unknown;
    try {
        addresses = co_await lookup_.run(socket_.get_executor(), host, port);
    } catch (const std::system_error& failure) {
        unknown = failure.code();
    }
    if (unknown || limit.passed()) fail(unknown, limit, fmt::format("cannot find {}", host));

    const auto began = clock::now();
    asio::error_code result;
    for (std::size_t n = 0; n < addresses.size(); ++n) {
        // The addresses share the time, so that one that is silent leaves some for the others.
        auto share = times.connect_timeout;
        if (share > share.zero()) {
            const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - began);
            share = std::max(std::chrono::milliseconds{1},
                             (times.connect_timeout - spent) / static_cast<int>(addresses.size() - n));
        }
        limit.expect(share, client_errc::connect_timeout);
        const bool connected = co_await try_address(addresses[n], result);
        limit.rest();
        if (connected && !limit.passed()) break;
        if (limit.passed() == client_errc::connect_timeout && n + 1 < addresses.size()) {
            limit.forgive();
            continue;
        }
        if (n + 1 == addresses.size() || limit.passed() || result == asio::error::operation_aborted)
            fail(result, limit,
                 fmt::format("cannot connect to {} ({}:{})", host, addresses[n].address().to_string(), port));
    }
    asio::error_code ignored;
    socket_.set_option(tcp::no_delay{true}, ignored);
    socket_.set_option(asio::socket_base::keep_alive{true}, ignored);
}

task<void> connection::secure(const tls_context& context, std::string host, const client_options& times,
                              deadline& limit) {
    tls_ = context.wrap(socket_, host);
    limit.expect(times.tls_timeout, client_errc::tls_timeout);
    asio::error_code result;
    co_await tls_->handshake(result);
    limit.rest();
    if (!result) co_return;
    if (limit.passed() || result == asio::error::operation_aborted)
        fail(result, limit, fmt::format("TLS with {}", host));
    auto [code, reason] = tls_->explain(result);
    throw connection_failure{code, fmt::format("TLS with {}: {}", host, reason)};
}

task<std::size_t> connection::read_some(std::span<char> space, deadline& limit) {
    asio::error_code result;
    std::size_t size = 0;
    if (tls_)
        size = co_await tls_->read_some(space, result);
    else
        size = co_await socket_.async_read_some(asio::buffer(space.data(), space.size()),
                                                asio::redirect_error(asio::use_awaitable, result));
    limit.rest();
    if (size > 0 && !limit.passed()) co_return size;
    if (result == asio::error::eof && !limit.passed()) co_return 0;
    if (tls_ && tls_->truncated(result) && !limit.passed())
        throw connection_failure{client_errc::truncated, "TLS ended without a word"};
    if (tls_ && result.category() != asio::error::get_system_category() && !limit.passed()) {
        // With TLS 1.3 a server that does not take our certificate says so behind the handshake.
        auto [code, reason] = tls_->explain(result);
        throw connection_failure{code, std::move(reason)};
    }
    fail(result, limit, {});
}

task<bool> connection::write(std::string_view bytes, std::chrono::milliseconds patience, deadline& limit) {
    while (!bytes.empty()) {
        const auto part = bytes.substr(0, piece);
        limit.expect(patience, client_errc::idle_timeout);
        asio::error_code result;
        if (tls_)
            co_await tls_->write(part, result);
        else
            co_await asio::async_write(socket_, asio::buffer(part),
                                       asio::redirect_error(asio::use_awaitable, result));
        limit.rest();
        if (limit.passed() || result == asio::error::operation_aborted)
            fail(result, limit, "while the request was sent");
        if (result) co_return false;
        bytes.remove_prefix(part.size());
    }
    co_return true;
}

task<bool> connection::write_while_silent(std::string_view& bytes, std::chrono::milliseconds patience,
                                          deadline& limit) {
    if (tls_) {
        const bool taken = co_await write(std::exchange(bytes, {}), patience, limit);
        co_return taken;
    }
    const ear listening{socket_};
    while (!bytes.empty() && !listening.has_heard()) {
        limit.expect(patience, client_errc::idle_timeout);
        asio::error_code result;
        const auto taken = co_await asio::async_write(socket_, asio::buffer(bytes.substr(0, piece)),
                                                      asio::redirect_error(asio::use_awaitable, result));
        limit.rest();
        bytes.remove_prefix(taken);
        if (limit.passed() || (result == asio::error::operation_aborted && !listening.has_heard()))
            fail(result, limit, "while the request was sent");
        if (result && !listening.has_heard()) co_return false;
    }
    co_return true;
}

void connection::cancel() noexcept {
    lookup_.cancel();
    asio::error_code ignored;
    socket_.close(ignored);
}

bool connection::stale() noexcept {
    if (tls_ && tls_->holds_input()) return true;
    char byte = 0;
    asio::error_code result;
    socket_.non_blocking(true, result);
    if (result) return true;
    socket_.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, result);
    return result != asio::error::would_block && result != asio::error::try_again;
}

} // namespace rill::detail
