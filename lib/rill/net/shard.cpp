#include <rill/base/detail/escaped.hpp>
#include <rill/coro/detail/signal.hpp>
#include <rill/net/detail/h1_session.hpp>
#include <rill/net/detail/shard.hpp>

#include <asio/post.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <random>

namespace rill::detail {
namespace {

/// What says that a connection may rest for `time`, in whole seconds; nothing where that is none, or for
/// ever.
std::string fields_for(std::chrono::milliseconds time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time).count();
    if (seconds < 1 || time > std::chrono::years{1}) return {};
    return fmt::format("Connection: keep-alive\r\nKeep-Alive: timeout={}\r\n", seconds);
}

} // namespace

shard::shard(const service& common, timers::clock_kind clock)
    : common_{common},
      context_{std::in_place, 1},
      executor_{context_->get_executor()},
      timers_{asio::make_service<detail::timers>(*context_, clock)},
      proxies_{common.proxy_protocol, timers_, common.bounds.head_timeout, common.log},
      keep_alive_fields_{fields_for(common.bounds.idle_timeout)},
      random_state_{std::random_device{}()} {
    signal::prepare(*context_);
}

shard::~shard() {
    drained_ = nullptr; // whom it tells may have gone
    close_all();
    round_.abandon();
    leaving_.clear();
    executor_ = {};
    context_.reset(); // and with it the waits that keep sessions alive
}

std::size_t shard::reserve() {
    struct nothing {
        std::array<char, 900> size; // a little less than the most that Asio keeps
        void operator()() const noexcept {}
    };
    constexpr std::size_t blocks = 2; // as many as it keeps
    for (auto n = blocks; n > 0; --n) asio::post(executor_, nothing{});
    return blocks;
}

void shard::run() {
    for (;;) try {
            reserve();
            context_->run();
            return;
        } catch (const std::exception& e) {
            log(log_level::error, fmt::format("something in the event loop threw: {}", e.what()));
        } catch (...) {
            log(log_level::error, "something in the event loop threw what is no std::exception");
        }
}

std::string_view shard::date() {
    return date_.at(std::time(nullptr));
}

void shard::use_tls(std::shared_ptr<const tls_credentials> credentials) {
    if (tls_)
        tls_->credentials = std::move(credentials);
    else
        tls_ = std::make_unique<tls_share>(*context_, timers_, common_.bounds.handshake_timeout,
                                           std::move(credentials));
}

std::unique_ptr<transport> shard::prepared(std::unique_ptr<transport> connection) {
    if (!proxies_.proxies.empty() && proxies_.proxies.contains(connection->ends().neighbour))
        connection = std::make_unique<proxied_transport>(std::move(connection), proxies_);
    return tls_ ? make_tls_transport(std::move(connection), *tls_) : std::move(connection);
}

void shard::open(std::unique_ptr<transport> connection, admission how) {
    if (draining_) {
        connection->close(false);
        connection_gone();
        return;
    }
    std::shared_ptr<h1_session> session;
    try {
        session = std::make_shared<h1_session>(*this, std::move(connection));
    } catch (...) {
        connection_gone();
        throw;
    }
    if (how != admission::serve) {
        common_.counted.over_connections.fetch_add(1, std::memory_order_relaxed);
        session->turn_away("the server has too many connections");
    }
    session->begin();
}

void shard::enlist(h1_session& session) noexcept {
    sessions_.push_back(session);
}

void shard::delist(h1_session& session) noexcept {
    list<h1_session>::remove(session);
    connection_gone();
}

void shard::connection_gone() noexcept {
    common_.connections.fetch_sub(1, std::memory_order_relaxed);
    if (connections_.fetch_sub(1, std::memory_order_relaxed) == 1 && draining_)
        if (const auto done = std::exchange(drained_, nullptr)) done();
}

template <typename Action>
void shard::for_each_session(Action action) {
    // The action may end the session, and only it: it is held until the next one is known.
    auto* next = sessions_.front();
    while (next) {
        const auto session = next->shared_from_this();
        action(*session);
        next = sessions_.behind(*session);
    }
}

void shard::drain(std::function<void()> done) {
    draining_ = true;
    drained_ = std::move(done);
    expect_connection(); // so that `done` is called at the end even if there are none
    for_each_session([](h1_session& session) { session.drain(); });
    connection_gone();
}

void shard::close_all() {
    for_each_session([](h1_session& session) { session.close(true); });
}

void shard::cut_all() {
    if (const auto open = connections(); open > 0)
        log(log_level::warning, fmt::format("the server ends, and cuts what is still open: {} {}", open,
                                            open == 1 ? "connection" : "connections"));
    close_all();
}

void shard::answer_later(std::shared_ptr<h1_session> who) {
    leaving_.push_back(std::move(who));
    if (leaving_.size() == 1) asio::post(*context_, [this] { answer_next(); });
}

void shard::answer_next() {
    const auto who = std::move(leaving_.front());
    leaving_.pop_front();
    if (!leaving_.empty()) asio::post(*context_, [this] { answer_next(); });
    who->answer_at_last();
}

void shard::log_long_run(time_point began, const request& r) {
    const auto now = timers_.noted();
    const auto time = now - std::max(began, told_until_); // a part of it may be told already
    if (time <= turns::longest) return;
    told_until_ = now;
    if (now < told_next_) return;
    told_next_ = now + std::chrono::seconds{1};
    log(log_level::warning,
        fmt::format("{} {}: the handler held up its thread, and all other connections there, for {} ms",
                    to_string(r.method()), r.path(),
                    std::chrono::floor<std::chrono::milliseconds>(time).count()));
}

/// If the handler has ended and something that it started goes on, the request is no longer known.
void shard::on_long_turn(std::uint64_t handler) noexcept try {
    for (auto* session = sessions_.front(); session; session = sessions_.behind(*session))
        if (const auto* asked = session->request_of(handler)) return log_long_run(turns_.began(), *asked);
} catch (...) { // there is no memory for the line
    return;
}

void shard::give_back(std::string&& buffer) noexcept {
    buffer.clear();
    if (buffer.capacity() > spare_.capacity() && buffer.capacity() <= 4 * common_.bounds.write_buffer)
        spare_ = std::move(buffer);
    buffer = std::string{};
}

void shard::log(log_level level, std::string_view line) noexcept {
    try {
        common_.log.write(level, escaped(line));
    } catch (...) { // no memory for the words: the fact at least
        common_.log.write(level, "something failed, and there is no memory to say what");
    }
}

/// Xorshift: the numbers spread reconnects and guard nothing.
std::uint64_t shard::random(std::uint64_t below) noexcept {
    random_state_ |= 1;
    random_state_ ^= random_state_ << 13U;
    random_state_ ^= random_state_ >> 7U;
    random_state_ ^= random_state_ << 17U;
    return random_state_ % below;
}

} // namespace rill::detail
