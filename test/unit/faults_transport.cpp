#include "faults_transport.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <array>

namespace faults {

class faulty_transport::told final : public observer {
public:
    told(stage& home, std::shared_ptr<observer> who) : home_{home}, who_{std::move(who)} {}
    void on_readable() override {
        home_.tell([who = std::move(who_)] { who->on_readable(); });
    }
    void on_writable() override {
        home_.tell([who = std::move(who_)] { who->on_writable(); });
    }

private:
    stage& home_;
    std::shared_ptr<observer> who_;
};

/// Takes the step into account. True if the fault happens right there.
bool faulty_transport::strike(char step) noexcept {
    const heap::spared here;
    const bool now = plan_.what != fault::none && plan_.steps.size() == plan_.at;
    plan_.steps += step;
    if (!now) return false;
    switch (plan_.what) {
    case fault::read_ends: read_ended_ = true; break;
    case fault::write_ends: write_ended_ = true; break;
    case fault::reads_bytewise: reads_bytes_ = true; break;
    case fault::writes_bytewise: writes_bytes_ = true; break;
    case fault::peer_finishes:
        peer_ = peer_state::finished;
        later([](auto& wire, auto&) { wire.finish(); });
        break;
    case fault::peer_resets:
        peer_ = peer_state::gone;
        read_ended_ = write_ended_ = true;
        later([](auto& wire, auto&) { wire.close(); });
        break;
    case fault::everything_closed: later([](auto&, auto& shard) { shard.close_all(); }); break;
    default: break;
    }
    return true;
}

/// In a turn of the event loop of its own, since no peer and no signal comes in the middle of another.
void faulty_transport::later(void (*what)(rill::testing::detail::wire&, rill::detail::shard&)) noexcept {
    asio::post(home_.shard().context(), [what, wire = wire_, home = &home_.shard()] { what(*wire, *home); });
}

transport::result faulty_transport::read_some(std::span<char> space) noexcept {
    strike('r');
    const heap::spared here;
    if (read_ended_) return {status::ended};
    const auto got = inner_.read_some(reads_bytes_ ? space.first(1) : space);
    return got.status == status::blocked && peer_ != peer_state::there ? result{status::ended} : got;
}

transport::result faulty_transport::write_some(std::span<const std::string_view> pieces) noexcept {
    const bool struck = strike('w');
    const heap::spared here;
    if (write_ended_) return {status::ended};
    if (struck && plan_.what == fault::write_takes_none) return {status::blocked};
    if (!writes_bytes_ && !(struck && plan_.what == fault::write_takes_one)) return inner_.write_some(pieces);
    const auto first = std::ranges::find_if(pieces, [](auto piece) { return !piece.empty(); });
    if (first == pieces.end()) return {status::blocked};
    return inner_.write_some(std::array{first->substr(0, 1)});
}

/// A system can run out of memory for a wait, too: that is thrown before anything is done.
void faulty_transport::wait_readable(std::shared_ptr<observer> who) {
    strike('R');
    static_cast<void>(std::make_unique<int>());
    const heap::spared here;
    inner_.wait_readable(std::make_shared<told>(home_, std::move(who)));
}

void faulty_transport::wait_writable(std::shared_ptr<observer> who) {
    strike('W');
    static_cast<void>(std::make_unique<int>());
    const heap::spared here;
    inner_.wait_writable(std::make_shared<told>(home_, std::move(who)));
}

transport::peer_state faulty_transport::peer() const noexcept {
    return peer_ == peer_state::there ? inner_.peer() : peer_;
}

void faulty_transport::close(bool reset) noexcept {
    inner_.close(reset);
}

} // namespace faults
