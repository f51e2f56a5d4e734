#include <rill/coro/detail/signal.hpp>
#include <rill/net/detail/answer.hpp>
#include <rill/net/sse_writer.hpp>
#include <rill/sse/detail/layout.hpp>
#include <rill/sse/encode.hpp>

namespace rill {

sse_writer::sse_writer(detail::answer& answer) : answer_{answer} {}

sse_writer::~sse_writer() {
    answer_.home().give_back(std::move(batch_));
}

task<void> sse_writer::write(const event& e) {
    add(e);
    if (full()) send();
    if (!flush_posted_) {
        flush_posted_ = true;
        answer_.flush_soon();
    }
    if (behind()) {
        if (!drained_) drained_ = std::make_unique<detail::signal>();
        return caught_up();
    }
    return []() -> task<void> { co_return; }();
}

task<void> sse_writer::caught_up() {
    while (behind()) co_await drained_->wait();
}

void sse_writer::add(const event& e) {
    if (batch_.empty()) batch_ = answer_.home().lend();
    encode(batch_, e);
}

/// Half of the bound for what is not yet sent and half for what the client has not yet taken: together they
/// stay within `limits::write_buffer` and one event.
bool sse_writer::full() const noexcept {
    return batch_.size() >= answer_.home().common().bounds.write_buffer / 2;
}

bool sse_writer::behind() const noexcept {
    return answer_.backlog() > answer_.home().common().bounds.write_buffer / 2;
}

void sse_writer::flush() {
    flush_posted_ = false;
    const bool opens = answer_.start();
    if (batch_.empty()) {
        if (!opens) return;
        // The head alone does not do: some proxies and clients wait for the first byte of the body.
        answer_.write(detail::empty_comment);
    }
    send();
}

void sse_writer::send() {
    auto& shard = answer_.home();
    answer_.start();
    if (!batch_.empty()) answer_.write(batch_);
    shard.give_back(std::move(batch_));
}

void sse_writer::on_drained() {
    if (drained_) drained_->notify();
}

} // namespace rill
