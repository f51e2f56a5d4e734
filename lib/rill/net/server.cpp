#include <rill/app/detail/routing_table.hpp>
#include <rill/base/detail/escaped.hpp>
#include <rill/base/error.hpp>
#include <rill/net/detail/bad_option.hpp>
#include <rill/net/detail/listener.hpp>
#include <rill/net/detail/shard.hpp>
#include <rill/net/detail/socket_transport.hpp>
#include <rill/net/detail/tls.hpp>
#include <rill/net/server.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace rill {
namespace {

/// Whether the program has not said what `signal` does to it; only for signals that end it then.
bool ends_the_process(int signal) noexcept {
    struct sigaction now{};
    return ::sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
           now.sa_handler == SIG_DFL;
}

/// On standard error, which may be closed or full.
void complain(const std::exception& cause) {
    std::fprintf(stderr, "%s\n", detail::escaped(cause.what()).c_str()); // an option may have any text in it
}

} // namespace

/// The shards and what starts and stops them. Everything but `stop` and `reload_certificates` runs on the
/// thread of the first shard, which is that of `run`.
///
/// Order of destruction: the listener and the timers go before the shards, the shards (and so their
/// connections) before what they share.
class server::impl {
public:
    impl(const router& routes, const server_options& options)
        : common_{routes, options},
          lame_duck_{std::min<std::chrono::milliseconds>(options.lame_duck, std::chrono::years{100})},
          drain_timeout_{options.drain_timeout},
          files_{std::string{options.tls.certificate}, std::string{options.tls.private_key}} {
        if (options.tls.wanted()) credentials_ = detail::load_credentials(files_, nullptr);
        const auto threads =
            options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
        for (unsigned i = 0; i < threads; ++i) {
            shards_.push_back(std::make_unique<detail::shard>(common_));
            auto& context = shards_.back()->context();
            detail::prepare_for_sockets(context);
            if (credentials_) shards_.back()->use_tls(credentials_);
            work_.push_back(asio::make_work_guard(context));
        }
        listener_.emplace(first(), options.address, options.port, options.backlog,
                          credentials_ ? "https" : "http");
        deadline_.emplace(first().context());
    }

    [[nodiscard]] const detail::listener& listener() const noexcept { return *listener_; }
    [[nodiscard]] detail::shard& first() noexcept { return *shards_.front(); }

    void run() {
        listener_->start([this]() -> detail::shard& { return least_busy(); });
        std::vector<std::jthread> threads;
        try {
            for (const auto& shard : shards_)
                if (shard.get() != &first()) threads.emplace_back([&shard = *shard] { shard.run(); });
        } catch (...) { // the system has no thread left: those that run are not to be waited for
            finish();
            throw;
        }
        first().run();
    }

    void announce_stop() noexcept { common_.stopping.store(true, std::memory_order_relaxed); }

    void stop() {
        announce_stop();
        asio::post(first().context(), [this] { draining_ ? cut() : drain(); });
    }

    void reload_certificates() {
        const std::lock_guard lock{reload_};
        if (!credentials_) return;
        credentials_ = detail::load_credentials(files_, credentials_.get());
        for (const auto& shard : shards_)
            asio::post(shard->context(), [&shard = *shard, credentials = credentials_]() mutable {
                shard.use_tls(std::move(credentials));
            });
    }

    [[nodiscard]] server_statistics statistics() const noexcept {
        auto all = common_.statistics();
        for (const auto& shard : shards_) all.cut_slow += shard->cut_slow();
        return all;
    }

    /// Has SIGINT and SIGTERM call `stop`, and SIGHUP load the certificate again if there is one. Else SIGHUP
    /// would end the process, unless the program has said otherwise.
    void heed_signals() {
        signals_.emplace(first().context(), SIGINT, SIGTERM);
        if (credentials_ || ends_the_process(SIGHUP)) signals_->add(SIGHUP);
        wait_for_signal();
    }

private:
    [[nodiscard]] detail::shard& least_busy() noexcept {
        return **std::ranges::min_element(shards_, {},
                                          [](const auto& shard) { return shard->connections(); });
    }

    void wait_for_signal() {
        signals_->async_wait([this](asio::error_code cancelled, int number) {
            if (cancelled) return;
            if (number != SIGHUP)
                stop_on_signal();
            else if (credentials_)
                reload_on_signal();
            else
                first().log(log_level::info, "SIGHUP: there is no certificate to load again");
            wait_for_signal();
        });
    }

    /// The first signal begins the lame duck, if there is one; the others end what is under way.
    void stop_on_signal() {
        if (common_.stopping.load(std::memory_order_relaxed) || lame_duck_ <= lame_duck_.zero())
            return stop();
        announce_stop();
        first().log(log_level::info, "told to stop: health checks fail from now on");
        deadline_->expires_after(lame_duck_);
        deadline_->async_wait([this](asio::error_code cancelled) {
            if (!cancelled && !draining_) drain();
        });
    }

    void reload_on_signal() try {
        reload_certificates();
        first().log(log_level::info, fmt::format("loaded {} again", files_.certificate));
    } catch (const std::exception& cause) {
        first().log(log_level::warning, fmt::format("keeps its old certificate: {}", cause.what()));
    }

    void drain() {
        draining_ = shards_.size();
        listener_->stop();
        for (const auto& shard : shards_)
            asio::post(shard->context(), [this, &shard = *shard] {
                shard.drain([this] { asio::post(first().context(), [this] { drained(); }); });
            });
        deadline_->expires_after(drain_timeout_);
        deadline_->async_wait([this](asio::error_code cancelled) {
            if (!cancelled) cut();
        });
    }

    void drained() {
        if (--*draining_ > 0) return;
        finish();
    }

    /// Cuts what is still open. Handlers that do not heed it keep nobody.
    void cut() {
        for (const auto& shard : shards_)
            asio::post(shard->context(), [&shard = *shard] { shard.cut_all(); });
        deadline_->expires_after(std::chrono::milliseconds{250});
        deadline_->async_wait([this](asio::error_code cancelled) {
            if (!cancelled) finish();
        });
    }

    void finish() {
        deadline_->cancel();
        if (signals_) signals_->cancel();
        for (const auto& shard : shards_) shard->context().stop();
    }

    const detail::service common_;
    const std::chrono::milliseconds lame_duck_;
    const std::chrono::milliseconds drain_timeout_;
    const detail::tls_files files_;
    std::mutex reload_;
    std::shared_ptr<const detail::tls_credentials> credentials_; ///< of `files_`; null without TLS
    std::vector<std::unique_ptr<detail::shard>> shards_;
    std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work_;
    std::optional<detail::listener> listener_;
    std::optional<asio::steady_timer> deadline_;
    std::optional<asio::signal_set> signals_;
    std::optional<std::size_t> draining_; ///< how many shards still drain, once it has begun
};

server::server(const router& routes, const server_options& options)
    : impl_{std::make_unique<impl>(routes, options)} {}

server::~server() = default;

const std::string& server::url() const noexcept {
    return impl_->listener().url();
}

std::uint16_t server::port() const noexcept {
    return impl_->listener().port();
}

void server::run() {
    impl_->run();
}

server_statistics server::statistics() const noexcept {
    return impl_->statistics();
}

void server::announce_stop() noexcept {
    impl_->announce_stop();
}

void server::stop() {
    impl_->stop();
}

void server::reload_certificates() {
    impl_->reload_certificates();
}

int serve(const router& routes, const server_options& options) try {
    if (ends_the_process(SIGPIPE)) std::signal(SIGPIPE, SIG_IGN); // a log or a pipe whose reader has gone
    server server{routes, options};
    server.impl_->heed_signals();
    std::fputs(fmt::format("listening on {}\n", server.url()).c_str(), stdout);
    std::fflush(stdout);
    server.run();
    return 0;
} catch (const detail::bad_option& cause) {
    complain(cause);
    return 2;
} catch (const std::system_error& cause) { // Asio's, too: no file descriptors left for an event loop
    complain(cause);
    return 1;
}

} // namespace rill
