#include <rill/client/detail/name_lookup.hpp>
#include <rill/coro/detail/suspension.hpp>

#include <asio/ip/address.hpp>

#include <utility>

namespace rill::detail {

using asio::ip::tcp;

/// It lives as long as the thread is at work, or the event loop: they alone own it, and it owns the coroutine
/// while that waits.
class name_lookup::operation : public std::enable_shared_from_this<operation> {
public:
    /// What is found is added to `found`, of the coroutine.
    operation(const asio::any_io_executor& executor, std::string host, std::uint16_t port, addresses& found)
        : resolver_{executor}, host_{std::move(host)}, port_{port}, found_{found} {}

    [[nodiscard]] static task<void> run(std::shared_ptr<operation> what) {
        return suspension::of(std::make_unique<waiting>(std::move(what)));
    }

    void finish(asio::error_code failure) {
        if (!waiting_) return;
        resolver_.cancel(); // the thread may have others to look up first
        suspension::finish(std::move(waiting_), failure);
    }

private:
    class waiting final : public suspension {
    public:
        explicit waiting(std::shared_ptr<operation> what) noexcept
            : what_{*what}, until_begun_{std::move(what)} {}

    private:
        void begin(std::unique_ptr<suspension>& self) override {
            const auto what = std::move(until_begun_);
            what->waiting_ = std::move(self);
            try {
                what->resolve();
            } catch (...) {
                self = std::move(what->waiting_);
                throw;
            }
        }
        void cancel() override { what_.finish(asio::error::operation_aborted); }

        operation& what_;
        std::shared_ptr<operation> until_begun_;
    };

    void resolve() {
        resolver_.async_resolve(host_, std::to_string(port_), tcp::resolver::numeric_service,
                                [self = shared_from_this()](asio::error_code failure, const auto& found) {
                                    if (!self->waiting_) return;
                                    for (const auto& entry : found) self->found_.push_back(entry.endpoint());
                                    self->finish(failure);
                                });
    }

    tcp::resolver resolver_;
    const std::string host_;
    const std::uint16_t port_;
    addresses& found_;
    std::unique_ptr<suspension> waiting_;
};

task<name_lookup::addresses> name_lookup::run(asio::any_io_executor executor, std::string host,
                                              std::uint16_t port) {
    if (host == "localhost.") host.pop_back(); // /etc/hosts knows no dot of the root
    asio::error_code not_numeric;
    const auto address = asio::ip::make_address(host, not_numeric);
    if (!not_numeric) co_return addresses{tcp::endpoint{address, port}};
    addresses found;
    auto work = std::make_shared<operation>(executor, std::move(host), port, found);
    under_way_ = work;
    co_await operation::run(std::move(work));
    co_return found;
}

void name_lookup::cancel() noexcept {
    if (const auto work = under_way_.lock()) work->finish(asio::error::operation_aborted);
}

} // namespace rill::detail
