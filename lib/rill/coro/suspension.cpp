#include <rill/coro/detail/suspension.hpp>

#include <asio/associated_cancellation_slot.hpp>

#include <new>

namespace rill::detail {

/// What is called from the event loop.
class suspension::end {
public:
    explicit end(std::unique_ptr<suspension> what) noexcept : suspension_{std::move(what)} {}
    void operator()() { go_on(std::move(suspension_)); }

private:
    std::unique_ptr<suspension> suspension_;
};

task<void> suspension::of(std::unique_ptr<suspension> what) {
    const auto start_it = [](resumption resume, std::unique_ptr<suspension> self) {
        self->resume_.emplace(std::move(resume));
        start(std::move(self));
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(asio::error_code)>(
        start_it, asio::use_awaitable, std::move(what));
}

void suspension::start(std::unique_ptr<suspension> self) {
    try {
        if (auto slot = asio::get_associated_cancellation_slot(*self->resume_); slot.is_connected())
            slot.assign([what = self.get()](asio::cancellation_type type) {
                if (type != asio::cancellation_type::none) what->cancel();
            });
        self->begin(self);
    } catch (const std::bad_alloc&) {
        finish(std::move(self), asio::error::no_memory);
    }
}

void suspension::finish(std::unique_ptr<suspension> self, asio::error_code result) {
    auto& ended = *self;
    if (auto slot = asio::get_associated_cancellation_slot(*ended.resume_); slot.is_connected()) slot.clear();
    ended.result_ = result;
    ended.posting_.post(ended.executor(), end{std::move(self)});
}

void suspension::go_on(std::unique_ptr<suspension> self) {
    auto resume = std::move(*self->resume_);
    const auto result = self->result_;
    self.reset();
    const auto executor = resume.get_executor();
    if (const auto* handler = as<handler_executor>(executor))
        handler->run([&] { std::move(resume)(result); });
    else
        std::move(resume)(result);
}

} // namespace rill::detail
