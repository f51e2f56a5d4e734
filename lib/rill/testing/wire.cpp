#include <rill/testing/detail/paced_reader.hpp>
#include <rill/testing/detail/wire.hpp>

#include <asio/post.hpp>

#include <algorithm>

namespace rill::testing::detail {

wire::wire(asio::io_context& context, std::size_t unsent_bytes)
    : context_{&context},
      timers_{asio::use_service<rill::detail::timers>(context)},
      unsent_bytes_{unsent_bytes} {}

wire::~wire() = default;

void wire::send(std::string_view bytes) {
    if (client_ended_) return;
    to_server_.append(bytes);
    wake();
    run();
}

std::string wire::receive() {
    auto bytes = paced_ ? paced_->take() : std::exchange(to_client_, {});
    wake();
    run();
    return bytes;
}

void wire::finish() {
    client_ended_ = true;
    wake();
    run();
}

void wire::close() {
    client_gone_ = true;
    finish();
}

void wire::window(std::size_t bytes) {
    window_ = bytes;
    wake();
    run();
}

void wire::read_at(const pace& speed) {
    if (!context_) return;
    auto read = paced_ ? paced_->take() : std::string{};
    paced_ = std::make_unique<paced_reader>(*this, speed, std::move(read));
    wake();
    run();
}

std::size_t wire::room() const noexcept {
    return paced_ ? paced_->room() : window_ - std::min(window_, to_client_.size());
}

bool wire::writable() const noexcept {
    return paced_ ? paced_->writable() : room() > 0;
}

/// Tells the server's end what it waits for, if that has come.
void wire::wake() {
    if (!context_) return;
    if (reader_ && (!to_server_.empty() || client_ended_))
        asio::post(*context_, [who = std::move(reader_)] { who->on_readable(); });
    if (writer_ && (writable() || client_gone_))
        asio::post(*context_, [who = std::move(writer_)] { who->on_writable(); });
}

void wire::run() {
    if (!context_) return;
    context_->restart();
    context_->poll();
}

memory_transport::~memory_transport() {
    close(false);
    wire_->context_ = nullptr;
}

memory_transport::result memory_transport::read_some(std::span<char> space) noexcept {
    if (closed_) return {status::ended};
    auto& bytes = wire_->to_server_;
    if (bytes.empty()) return {wire_->client_ended_ ? status::ended : status::blocked};
    const auto count = std::min(space.size(), bytes.size());
    std::copy_n(bytes.begin(), count, space.begin());
    bytes.erase(0, count);
    return {status::moved, count};
}

memory_transport::result memory_transport::write_some(std::span<const std::string_view> pieces) noexcept {
    if (closed_ || wire_->client_gone_) return {status::ended};
    auto& bytes = wire_->to_client_;
    std::size_t moved = 0;
    for (const auto piece : pieces) {
        const auto part = piece.substr(0, wire_->room());
        bytes.append(part);
        moved += part.size();
    }
    if (moved == 0) return {status::blocked};
    ++wire_->writes_;
    return {status::moved, moved};
}

void memory_transport::wait_readable(std::shared_ptr<observer> who) {
    wire_->reader_ = std::move(who);
    wire_->wake();
}

void memory_transport::wait_writable(std::shared_ptr<observer> who) {
    wire_->writer_ = std::move(who);
    wire_->wake();
}

std::size_t memory_transport::unacknowledged() noexcept {
    return wire_->paced_ ? wire_->paced_->unacknowledged() : wire_->to_client_.size();
}

bool memory_transport::unanswered_for(std::chrono::milliseconds time) noexcept {
    return wire_->paced_ && wire_->paced_->unanswered_for(time);
}

void memory_transport::shutdown_write() noexcept {
    wire_->server_ended_ = true;
}

void memory_transport::close(bool reset) noexcept {
    if (std::exchange(closed_, true)) return;
    wire_->server_ended_ = true;
    wire_->server_reset_ = reset;
    if (!wire_->context_) return;
    const auto wire = wire_;
    auto reader = std::move(wire->reader_), writer = std::move(wire->writer_);
    tell_closed(*wire->context_, std::move(reader), &observer::on_readable);
    tell_closed(*wire->context_, std::move(writer), &observer::on_writable);
}

} // namespace rill::testing::detail
