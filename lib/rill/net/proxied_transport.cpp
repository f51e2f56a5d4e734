#include <rill/base/detail/timer_wheel.hpp>
#include <rill/net/detail/proxied_transport.hpp>
#include <rill/net/detail/proxy_header.hpp>

#include <fmt/format.h>

#include <cstring>
#include <utility>

namespace rill::detail {

/// What has come of it, and the deadline.
class proxied_transport::header final : public timer_wheel::timer {
public:
    explicit header(proxied_transport& owner) : owner_{owner} {
        owner.share_.timers.arm_after(*this, owner.share_.header_timeout);
    }

    proxy_header_parser parser;
    bool refused = false;
    bool given_up = false; ///< by this end: what does not come any more is nobody's fault

private:
    void on_timer() noexcept override { owner_.refuse("it did not come in time"); }

    proxied_transport& owner_;
};

proxied_transport::proxied_transport(std::unique_ptr<transport> inner, proxy_share& share)
    : inner_{std::move(inner)}, share_{share} {
    header_ = std::make_unique<header>(*this);
}

proxied_transport::~proxied_transport() = default;

transport::result proxied_transport::read_some(std::span<char> space) noexcept {
    if (!header_) return inner_->read_some(space);
    if (header_->refused) return {status::ended};
    const auto got = inner_->read_some(space);
    auto& parser = header_->parser;
    if (got.status == status::ended && parser.started() && !header_->given_up)
        return refuse("it ended too early");
    if (got.status != status::moved) return got;
    std::string_view bytes{space.data(), got.bytes};
    switch (parser.parse(bytes)) {
    case proxy_header_parser::step::need_input: return {status::blocked};
    case proxy_header_parser::step::malformed: return refuse("it is malformed");
    case proxy_header_parser::step::complete: break;
    }
    client_ = parser.client();
    header_.reset();
    if (bytes.empty()) return {status::blocked};
    std::memmove(space.data(), bytes.data(), bytes.size());
    return {status::moved, bytes.size()};
}

transport::result proxied_transport::write_some(std::span<const std::string_view> pieces) noexcept {
    if (header_) return {status::ended};
    return inner_->write_some(pieces);
}

/// The owner learns of it by its wait, or by what it reads now.
transport::result proxied_transport::refuse(std::string_view why) noexcept {
    header_->refused = true;
    try {
        if (const auto now = share_.timers.now(); now >= share_.told_next) {
            share_.told_next = now + std::chrono::seconds{1};
            share_.log.write(log_level::warning, fmt::format("no PROXY protocol header from {}: {}",
                                                             inner_->remote_address(), why));
        }
    } catch (...) { // no memory for the words: the fact at least
        share_.log.write(log_level::warning,
                         "no PROXY protocol header, and there is no memory to say from whom");
    }
    inner_->close(false);
    return {status::ended};
}

void proxied_transport::shutdown_write() noexcept {
    if (header_) header_->given_up = true;
    inner_->shutdown_write();
}

void proxied_transport::close(bool reset) noexcept {
    header_.reset();
    inner_->close(reset);
}

connection_ends proxied_transport::ends() const {
    auto ends = inner_->ends();
    if (header_) ends.client = {};
    if (client_) ends.client = *client_;
    return ends;
}

} // namespace rill::detail
