#include <rill/net/detail/bad_option.hpp>
#include <rill/net/detail/listener.hpp>
#include <rill/net/detail/socket_options.hpp>

#include <asio/error.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

namespace rill::detail {
namespace {

constexpr std::string_view unix_prefix = "unix:";

/// Refuses what would listen somewhere else than it says. The system takes an empty address for all
/// interfaces and an empty path for a socket without a name, and reads no further than the first NUL.
void check(std::string_view address) {
    const char* problem = nullptr;
    if (address.empty())
        problem = "the address is empty";
    else if (address == unix_prefix)
        problem = "no path stands behind unix:";
    else if (address.find('\0') != address.npos)
        problem = "there is a NUL in it";
    if (problem)
        throw bad_option{
            std::make_error_code(std::errc::invalid_argument),
            fmt::format("cannot listen on '{}': {}", address.substr(0, address.find('\0')), problem)};
}

/// Whether `name` is all interfaces of this machine without looking like it, as `0` does.
bool is_everywhere_by_accident(const asio::ip::address& found, std::string_view name) {
    asio::error_code is_a_name;
    asio::ip::make_address(name, is_a_name);
    return found.is_unspecified() && is_a_name;
}

/// Whether the fault is with the address itself, and not with what goes on in the system.
bool is_bad_address(const std::error_code& code) {
    return code == asio::error::host_not_found || code == asio::error::service_not_found ||
           code == std::errc::invalid_argument || code == std::errc::filename_too_long;
}

constexpr std::string_view too_many = "there are as many as limits::max_connections allows";

/// How many connections are taken before others get their turn.
constexpr int burst = 64;

/// Whether a Unix socket's file is left over: there is one, and nobody listens behind it.
bool is_stale(const std::string& path) {
    std::error_code unknown;
    if (!std::filesystem::is_socket(path, unknown))
        return false; // a file of another kind refuses connections too
    asio::io_context context;
    asio::local::stream_protocol::socket probe{context};
    asio::error_code failure;
    probe.non_blocking(true, failure); // one whose queue is full is in use
    probe.connect(path, failure);
    return failure == asio::error::connection_refused;
}

} // namespace

listener::listener(shard& home, std::string_view address, std::uint16_t port, int backlog,
                   std::string_view scheme)
    : home_{home}, acceptor_{home.context()}, pause_{home.context()} {
    check(address);
    try {
        if (address.starts_with(unix_prefix))
            listen_on_path(std::string{address.substr(unix_prefix.size())}, backlog);
        else
            listen_on_address(address, port, backlog, scheme);
    } catch (const bad_option&) {
        throw;
    } catch (const std::system_error& cause) {
        const auto where =
            address.starts_with(unix_prefix) ? std::string{address} : fmt::format("{}:{}", address, port);
        const auto code = in_standard_terms(cause.code());
        const auto text = fmt::format("cannot listen on {}", where);
        if (is_bad_address(code)) throw bad_option{code, text};
        throw error{code, text};
    }
    acceptor_.non_blocking(true);
}

listener::~listener() {
    stop();
}

void listener::bind_to(const protocol::endpoint& where) {
    acceptor_.open(where.protocol());
    close_on_exec(acceptor_.native_handle());
    acceptor_.set_option(asio::socket_base::reuse_address{true});
    acceptor_.bind(where);
}

void listener::listen_on_path(const std::string& path, int backlog) {
    if (is_stale(path)) std::remove(path.c_str());
    bind_to(asio::local::stream_protocol::endpoint{path});
    path_ = path; // from here on the file is ours
    kind_ = connected_socket::family::unix_domain;
    acceptor_.listen(backlog);
    url_ = fmt::format("{}{}", unix_prefix, path);
}

void listener::listen_on_address(std::string_view address, std::uint16_t port, int backlog,
                                 std::string_view scheme) {
    using asio::ip::tcp;
    const auto found =
        tcp::resolver{home_.context()}.resolve(address, std::to_string(port), tcp::resolver::passive);
    const auto& first = found.begin()->endpoint();
    if (is_everywhere_by_accident(first.address(), address))
        throw bad_option{
            std::make_error_code(std::errc::invalid_argument),
            fmt::format("cannot listen on '{}', which would be all of this machine: say 0.0.0.0 or ::",
                        address)};
    bind_to(first);
    prepare_for_streams(acceptor_.native_handle(), home_.common().bounds.unsent_bytes);
    acceptor_.listen(backlog);
    tcp::endpoint bound;
    const auto local = acceptor_.local_endpoint();
    bound.resize(local.size());
    std::memcpy(bound.data(), local.data(), local.size());
    port_ = bound.port();
    url_ = bound.address().is_v6() ? fmt::format("{}://[{}]:{}", scheme, bound.address().to_string(), port_)
                                   : fmt::format("{}://{}:{}", scheme, bound.address().to_string(), port_);
}

void listener::start(std::function<shard&()> pick) {
    pick_ = std::move(pick);
    wait();
}

void listener::stop() noexcept {
    asio::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    if (!path_.empty()) std::remove(std::exchange(path_, {}).c_str());
}

void listener::wait() {
    acceptor_.async_wait(asio::socket_base::wait_read, [this](asio::error_code failure) {
        if (!failure) take();
    });
}

void listener::take() try {
    const bool cheap = !home_.speaks_tls();
    for (int i = 0; i < burst; ++i) {
        const auto how = home_.common().admit(cheap);
        if (how == admission::wait) {
            if (connection_waits(acceptor_.native_handle())) return wait_for_room();
            break;
        }
        std::error_code failure;
        auto socket = take_connection(acceptor_.native_handle(), kind_, failure);
        if (!failure) {
            full_ = false;
            if (how == admission::turn_away) complain(too_many);
            hand_over(pick_(), std::move(socket), how);
            continue;
        }
        if (failure == std::errc::operation_would_block ||
            failure == std::errc::resource_unavailable_try_again)
            break;
        if (failure == std::errc::connection_aborted || failure == std::errc::interrupted)
            continue; // it left while it waited
        return rest(failure.message());
    }
    wait();
} catch (const std::exception& failure) {
    rest(failure.what());
}

/// Connections wait in the system's queue.
void listener::wait_for_room() {
    if (!std::exchange(full_, true))
        home_.common().counted.over_connections.fetch_add(1, std::memory_order_relaxed);
    complain(too_many);
    pause(std::chrono::milliseconds{10});
}

/// No file descriptor or no memory is left: others may give some back.
void listener::rest(std::string_view why) {
    complain(why);
    pause(std::chrono::milliseconds{100});
}

/// Once in a second at most.
void listener::complain(std::string_view why) {
    const auto now = clock::now();
    if (now < complained_ + std::chrono::seconds{1}) return;
    complained_ = now;
    home_.log(log_level::warning, fmt::format("cannot take a connection: {}", why));
}

void listener::pause(std::chrono::milliseconds time) {
    pause_.expires_after(time);
    pause_.async_wait([this](asio::error_code cancelled) {
        if (!cancelled) wait();
    });
}

void listener::hand_over(shard& to, connected_socket socket, admission how) {
    to.expect_connection();
    auto open = [&to, how, socket = std::move(socket)]() mutable {
        std::unique_ptr<transport> connection;
        try {
            connection = to.prepared(make_socket_transport(to.context(), std::move(socket)));
        } catch (...) {
            to.connection_gone();
            throw;
        }
        to.open(std::move(connection), how);
    };
    if (&to == &home_) return open();
    try {
        asio::post(to.context(), std::move(open));
    } catch (...) {
        to.connection_gone(); // it does not drain yet: this listener is closed before
        throw;
    }
}

} // namespace rill::detail
