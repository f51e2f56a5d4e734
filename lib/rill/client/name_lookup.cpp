#include <rill/client/detail/name_lookup.hpp>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/ip/address.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <optional>
#include <utility>

namespace rill::detail {

using asio::ip::tcp;

/// It lives as long as the thread is at work; the handler, and with it the coroutine that waits, only until
/// it is told.
class name_lookup::operation : public std::enable_shared_from_this<operation> {
public:
    explicit operation(const asio::any_io_executor& executor) : resolver_{executor} {}
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;
    virtual ~operation() = default;

    void begin(const std::string& host, std::uint16_t port) {
        resolver_.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service,
                                [self = shared_from_this()](asio::error_code failure, const auto& found) {
                                    addresses all;
                                    for (const auto& entry : found) all.push_back(entry.endpoint());
                                    self->finish(failure, std::move(all));
                                });
    }
    virtual void finish(asio::error_code failure, addresses found) = 0;

protected:
    void stop() { resolver_.cancel(); }

private:
    tcp::resolver resolver_;
};

template <typename Handler>
class name_lookup::operation_of final : public operation {
public:
    operation_of(const asio::any_io_executor& executor, Handler handler)
        : operation{executor}, handler_{std::move(handler)} {
        if (auto slot = asio::get_associated_cancellation_slot(*handler_); slot.is_connected())
            slot.assign([this](asio::cancellation_type type) {
                if (type != asio::cancellation_type::none) finish(asio::error::operation_aborted, {});
            });
    }

    void finish(asio::error_code failure, addresses found) override {
        if (!handler_) return;
        stop(); // the thread may have others to look up first
        auto handler = std::move(*handler_);
        handler_.reset();
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) slot.clear();
        const auto executor = asio::get_associated_executor(handler);
        asio::post(executor, [handler = std::move(handler), failure, found = std::move(found)]() mutable {
            std::move(handler)(failure, std::move(found));
        });
    }

private:
    std::optional<Handler> handler_;
};

task<name_lookup::addresses> name_lookup::run(asio::any_io_executor executor, std::string host,
                                              std::uint16_t port) {
    if (host == "localhost.") host.pop_back(); // /etc/hosts knows no dot of the root
    asio::error_code not_numeric;
    const auto address = asio::ip::make_address(host, not_numeric);
    if (!not_numeric) co_return addresses{tcp::endpoint{address, port}};
    const auto start = [this, &executor, &host, port](auto handler) {
        auto work = std::make_shared<operation_of<decltype(handler)>>(executor, std::move(handler));
        under_way_ = work;
        work->begin(host, port);
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(asio::error_code, addresses)>(
        start, asio::use_awaitable);
}

void name_lookup::cancel() noexcept {
    if (const auto work = under_way_.lock()) work->finish(asio::error::operation_aborted, {});
}

} // namespace rill::detail
