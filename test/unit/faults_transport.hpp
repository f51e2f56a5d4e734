#pragma once

#include <rill/net/detail/transport.hpp>
#include <rill/testing/detail/wire.hpp>

#include "faults_stage.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace faults {

/// The server's end of a wire, which counts what is asked of it and fails as its plan says. Observers are
/// told by its stage, so that memory may be refused to them and not to the wire.
class faulty_transport final : public transport {
public:
    faulty_transport(std::shared_ptr<rill::testing::detail::wire> wire, stage& home, plan& what)
        : wire_{std::move(wire)}, inner_{wire_}, home_{home}, plan_{what} {}

    result read_some(std::span<char> space) noexcept override;
    result write_some(std::span<const std::string_view> pieces) noexcept override;
    void wait_readable(std::shared_ptr<observer> who) override;
    void wait_writable(std::shared_ptr<observer> who) override;
    [[nodiscard]] peer_state peer() const noexcept override;

    void shutdown_write() noexcept override { inner_.shutdown_write(); }
    void close(bool reset) noexcept override;
    [[nodiscard]] std::size_t unacknowledged() noexcept override { return inner_.unacknowledged(); }
    [[nodiscard]] std::string remote_address() const override { return inner_.remote_address(); }
    [[nodiscard]] rill::detail::connection_ends ends() const override { return inner_.ends(); }

private:
    class told;
    bool strike(char step) noexcept;
    void later(void (*what)(rill::testing::detail::wire&, rill::detail::shard&)) noexcept;

    std::shared_ptr<rill::testing::detail::wire> wire_;
    rill::testing::detail::memory_transport inner_;
    stage& home_;
    plan& plan_;
    bool read_ended_ = false, write_ended_ = false, reads_bytes_ = false, writes_bytes_ = false;
    peer_state peer_ = peer_state::there;
};

} // namespace faults
