#include <rill/base/detail/prefetch.hpp>
#include <rill/net/detail/epoll_transport.hpp>
#include <rill/net/detail/poller.hpp>

#include <asio/post.hpp>

#include <cerrno>
#include <exception>
#include <system_error>

namespace rill::detail {

asio::execution_context::id poller::id;

poller::poller(asio::execution_context& context)
    : service{context}, context_{static_cast<asio::io_context&>(context)}, epoll_{context_} {
    const int made = ::epoll_create1(EPOLL_CLOEXEC);
    if (made < 0) throw std::system_error{errno, std::system_category(), "epoll_create1"};
    epoll_.assign(made);
    wait();
}

void poller::shutdown() noexcept {
    asio::error_code ignored;
    epoll_.close(ignored);
}

void poller::add(int socket, epoll_transport& who, std::uint32_t events) {
    control(EPOLL_CTL_ADD, socket, who, events);
}

void poller::change(int socket, epoll_transport& who, std::uint32_t events) {
    control(EPOLL_CTL_MOD, socket, who, events);
}

void poller::control(int operation, int socket, epoll_transport& who, std::uint32_t events) {
    epoll_event interest{events | EPOLLET, {.ptr = &who}};
    if (::epoll_ctl(epoll_.native_handle(), operation, socket, &interest) != 0)
        throw std::system_error{errno, std::system_category(), "epoll_ctl"};
}

void poller::remove(int socket, const epoll_transport& who) noexcept {
    epoll_event ignored{};
    ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, socket, &ignored);
    for (auto& event : batch_)
        if (event.data.ptr == &who) event.data.ptr = nullptr;
}

void poller::wait() {
    epoll_.async_wait(descriptor::wait_read, [this](asio::error_code closed) {
        if (!closed) take();
    });
}

/// Between two that are told, the system runs, and leaves little of them in the processor's caches.
void poller::prefetch_next() const noexcept {
    if (batch_.size() > 1) prefetch(batch_[1].data.ptr, sizeof(epoll_transport));
    if (!batch_.empty() && batch_[0].data.ptr)
        static_cast<const epoll_transport*>(batch_[0].data.ptr)->prefetch_reader();
}

/// Tells of one batch. What observers throw is the event loop's to know, once all were told: an edge comes
/// only once.
void poller::take() {
    const int count =
        ::epoll_wait(epoll_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
    batch_ = std::span{events_}.first(count > 0 ? static_cast<std::size_t>(count) : 0);
    if (count > 0)
        asio::post(context_, [this] { take(); }); // behind what the context has to do besides
    else
        wait();
    std::exception_ptr failure;
    while (!batch_.empty()) {
        const auto event = batch_.front();
        batch_ = batch_.subspan(1); // before the call: who is told may remove itself and others
        prefetch_next();
        auto* const who = static_cast<epoll_transport*>(event.data.ptr);
        if (!who) continue;
        try {
            who->on_events(event.events);
        } catch (...) {
            if (!failure) failure = std::current_exception();
        }
    }
    if (failure) std::rethrow_exception(failure);
}

} // namespace rill::detail
