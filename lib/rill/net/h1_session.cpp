// The life of a connection: its phases, its timer, its end. What comes in is in h1_conversation.cpp, what
// goes out in h1_output.cpp.
#include <rill/base/detail/prefetch.hpp>
#include <rill/net/detail/h1_conversation.hpp>
#include <rill/net/detail/h1_session.hpp>
#include <rill/net/detail/parked_stream.hpp>

#include <asio/post.hpp>

#include <utility>

namespace rill::detail {

h1_session::h1_session(shard& shard, std::unique_ptr<transport> connection)
    : shard_{shard}, transport_{std::move(connection)} {
    shard_.enlist(*this);
}

h1_session::~h1_session() {
    if (turned_away()) shard_.common().turned_away.fetch_sub(1, std::memory_order_relaxed);
    shard_.delist(*this);
}

session_bounds& h1_session::bounds() {
    if (!bounds_) bounds_ = std::make_unique<session_bounds>(*this);
    return *bounds_;
}

void h1_session::turn_away(const char* reason) {
    bounds().turned_away = reason;
    shard_.common().turned_away.fetch_add(1, std::memory_order_relaxed);
}

void h1_session::begin() {
    if (!take_place()) return close(false);
    conversation().expect_request();
    watch();
}

/// Takes a place among the connections of the client's address, if those are bounded. False if there is none
/// and to say so would cost too much.
bool h1_session::take_place() {
    const auto& common = shard_.common();
    if (!common.connection_places.bounded() || turned_away()) return true;
    if (bounds_ && bounds_->of_connection) return true;
    const auto client = transport_->ends().client;
    if (client.of != peer_address::kind::ip) return true; // or it is not known yet
    bounds().of_connection = common.connection_places.take(client.address);
    if (bounds_->of_connection) return true;
    common.counted.over_connections_per_address.fetch_add(1, std::memory_order_relaxed);
    if (transport_->secure() || !common.may_turn_away()) return false;
    turn_away("there are too many connections from this address");
    return true;
}

void h1_session::drain() {
    switch (phase_) {
    case phase::reading_head:
    case phase::answering:
    case phase::discarding:
        if (parked())
            parked_->on_drain();
        else
            conversation_->on_drain();
        break;
    default: break; // it closes anyway
    }
    // A client in the middle of a request, or of reading an answer, may finish; one that makes no progress
    // must not hold up the shutdown.
    const bool reads_head = phase_ == phase::reading_head && conversation_->request_started();
    const bool awaits_body = phase_ == phase::answering && !parked() && conversation_->awaits_body();
    if (backlog() > 0 || reads_head || awaits_body) arm(shard_.common().bounds.linger);
}

void h1_session::close(bool reset) noexcept {
    if (phase_ == phase::closed) return;
    const auto self = shared_from_this(); // the transport may let it go
    phase_ = phase::closed;
    disarm();
    end_stream_bounds();
    transport_->close(reset);
    if (parked()) parked_.reset(); // else it may be on the stack
    if (conversation_) conversation_->on_gone();
}

void h1_session::park(std::unique_ptr<parked_stream> rest) {
    parked_ = std::move(rest);
    parked_ended_ = false;
    if (!conversation_->processing()) free_conversation_soon(); // else `processed` does it
    parked_->begin();
}

void h1_session::call_after(duration time) {
    if (!writing_) arm(time);
}

/// A parked stream makes a new one when there is something for it to do.
h1_conversation& h1_session::conversation() {
    if (!conversation_) conversation_ = std::make_unique<h1_conversation>(*this);
    return *conversation_;
}

/// If what is parked now still is when all has run that the answer has posted, and that refers to it.
void h1_session::free_conversation_soon() {
    asio::post(shard_.context(), [self = shared_from_this(), rest = parked()] {
        if (self->parked() == rest && self->conversation_ && self->conversation_->has_nothing_to_do())
            self->conversation_.reset();
    });
}

/// What was parked has ended. It is on the stack: the event loop frees it, or else the next one does that is
/// parked, or the session.
void h1_session::unpark() noexcept try {
    if (!parked()) return;
    parked_ended_ = true;
    asio::post(shard_.context(), [self = shared_from_this()] {
        if (self->parked_ended_) self->parked_.reset();
    });
} catch (...) {
    return;
}

void h1_session::watch() {
    if (reading_ || phase_ == phase::closed || peer_ended_) return;
    if (phase_ == phase::reading_head && backlog() > 0) return; // who does not take answers need not ask more
    reading_ = true;
    transport_->wait_readable(shared_from_this());
}

void h1_session::on_readable() {
    reading_ = false;
    if (phase_ == phase::closed) return;
    const bool last = !transport_->others_ready();
    if (receive(last) && last && shard_.round().open()) shard_.round().run();
}

/// Whether bytes have come. `last`: no other connection is told right behind this one.
bool h1_session::receive(bool last) try {
    auto& round = shard_.round();
    const auto space = round.space();
    const auto got = transport_->read_some(space);
    switch (got.status) {
    case transport::status::blocked: on_blocked(); return false;
    case transport::status::ended: on_end(); return false;
    case transport::status::moved: break;
    }
    const std::string_view bytes{space.data(), got.bytes};
    reading_ = (round.open() || !last) && round.join(*this, bytes);
    if (!reading_) on_received(bytes);
    return true;
} catch (...) { // without memory it would be watched no more
    close(true);
    throw;
}

/// What has come was the transport's own, and by it the client may be known now.
void h1_session::on_blocked() {
    const bool served = !turned_away();
    if (!asked_ && !take_place()) return close(false);
    if (served && turned_away()) arm_for_phase(); // it has less time
    watch();
}

void h1_session::on_received(std::string_view bytes) try {
    reading_ = false;
    if (phase_ == phase::closed) return;
    if (!asked_ && !take_place()) return close(false);
    if (phase_ != phase::closing && phase_ != phase::lingering) conversation().take(bytes);
    watch();
} catch (...) { // it is not known how far that came
    close(true);
    throw;
}

void h1_session::prefetch_conversation() const noexcept {
    prefetch(conversation_.get(), sizeof(h1_conversation));
}

void h1_session::prefetch_parser() const noexcept {
    if (conversation_) conversation_->prefetch_parser();
}

void h1_session::prefetch_transport() const noexcept {
    constexpr std::size_t size = 64; // of most
    prefetch(transport_.get(), size);
}

/// The peer sends no more, or is gone.
void h1_session::on_end() {
    peer_ended_ = true;
    if (phase_ == phase::answering && conversation_)
        give_last_turn();
    else
        end_unless_busy();
}

void h1_session::answer_at_last() {
    if (phase_ != phase::answering) return;
    if (transport_->peer() == transport::peer_state::gone) return close(false);
    conversation_->answer_now();
    give_last_turn();
}

const request* h1_session::request_of(std::uint64_t handler) const noexcept {
    return conversation_ ? conversation_->request_of(handler) : nullptr;
}

/// A coroutine that waits for nothing begins in the next turn of the event loop, and is done in the one
/// after.
void h1_session::give_last_turn() {
    if (conversation_->answers_later()) return;
    conversation_->turn_begins();
    asio::post(shard_.context(), [self = shared_from_this()] {
        asio::post(self->shard_.context(), [self] {
            if (self->conversation_) self->conversation_->turn_over();
            if (self->peer_ended_) self->end_unless_busy();
        });
    });
}

/// Half-closed or gone, nobody can tell: whose handler still works, is done. The requests that came before
/// are answered as far as that needs no waiting: `processed` comes back here.
void h1_session::end_unless_busy() {
    if (phase_ == phase::closed || (phase_ == phase::reading_head && !conversation_->inbox_empty())) return;
    if (phase_ == phase::answering && conversation_ && conversation_->answers_later()) return;
    if (phase_ == phase::answering || phase_ == phase::lingering || !unsent()) return close(false);
    phase_ = phase::closing;
}

/// From the event loop, since a handler may be on the stack, and since others want their turn.
void h1_session::process_inbox_soon() try {
    asio::post(shard_.context(), [self = shared_from_this()] {
        if (self->phase_ == phase::closed || !self->conversation_) return;
        self->conversation_->process_inbox();
        self->watch();
    });
} catch (...) { // nothing would go on
    break_off();
    throw;
}

/// The conversation has gone through what came.
void h1_session::processed() {
    if (!outbox_.empty() && !writing_) send_outbox();
    if (parked()) free_conversation_soon();
    // Behind what a handler that answers without waiting has posted.
    if (peer_ended_) asio::post(shard_.context(), [self = shared_from_this()] { self->on_end(); });
}

/// A timer that fires early enough as it is stays where it is.
void h1_session::arm(duration time) {
    auto& timers = shard_.timers();
    const auto now = time < std::chrono::seconds{1} ? timers.now() : timers.recently();
    due_ = time < time_point::max() - now ? now + time : time_point::max();
    if (due_ == time_point::max()) return; // that is never
    if (!armed() || timers.fires_after(*this, due_)) timers.arm(*this, due_);
}

void h1_session::on_timer() noexcept try {
    if (const auto now = shard_.timers().now(); now < due_) {
        if (due_ != time_point::max()) shard_.timers().arm(*this, due_);
        return;
    }
    const auto self = shared_from_this();
    if (backlog() > 0) return on_stalled();
    switch (phase_) {
    case phase::reading_head:
    case phase::answering:
    case phase::discarding:
        if (parked())
            parked_->on_timer();
        else
            conversation_->on_timeout();
        break;
    default: close(false);
    }
} catch (...) { // there is no memory for what was due
    close(true);
}

/// Sets the timer to what the phase waits for, unless the peer has to take something first: that is timed
/// already. What is parked sets it by itself.
void h1_session::arm_for_phase() {
    if (writing_) return static_cast<void>(shard_.timers().recently()); // for `shard::handler_ran`
    stand_down();
    switch (phase_) {
    case phase::reading_head:
    case phase::answering:
    case phase::discarding:
        if (parked()) break;
        arm(conversation_->patience());
        break;
    case phase::lingering: {
        // While the server drains nobody has a request to lose: a short grace is enough.
        const auto linger = shard_.common().bounds.linger;
        arm(shard_.draining() ? linger / 4 : linger);
        break;
    }
    case phase::closing:
    case phase::closed: break;
    }
}

/// Throws where the client's address has all of its streams.
void h1_session::stream_opens(const request& asked) {
    const auto& common = shard_.common();
    const auto* const route = request_access::matched(asked);
    const bool may_finish = route && route->options.drain == drain::let_finish;
    const auto age = may_finish ? std::chrono::milliseconds{0} : common.bounds.max_stream_age;
    std::optional<places::place> place;
    if (common.stream_places.bounded()) {
        if (const auto address = ip_address::parse(asked.client_address())) {
            place = common.stream_places.take(*address);
            if (!place) {
                common.counted.over_streams_per_address.fetch_add(1, std::memory_order_relaxed);
                throw http_error{status::service_unavailable, "there are too many streams to this address"}
                    .with("Retry-After", "5");
            }
        }
    }
    if (!place && age <= age.zero()) return;
    const auto jitter = shard_.random(static_cast<std::uint64_t>(age.count() / 5) + 1);
    bounds().begin_stream(std::move(place), age - age / 10 + std::chrono::milliseconds{jitter});
}

/// From the event loop: no handler is to be destroyed inside the timer wheel.
void h1_session::on_old_stream() {
    asio::post(shard_.context(), [self = shared_from_this(), which = bounds_->stream()] {
        if (self->phase_ != phase::answering || self->bounds_->stream() != which) return;
        self->shard_.common().counted.old_streams.fetch_add(1, std::memory_order_relaxed);
        self->keep_alive_ = false;
        if (self->parked())
            self->parked()->on_drain();
        else
            self->conversation_->on_drain();
    });
}

/// The answer is written, to the peer or to the outbox.
void h1_session::answered() {
    end_stream_bounds();
    unpark();
    if (!keep_alive_ || shard_.draining())
        begin_close();
    else
        conversation().answered();
}

void h1_session::begin_close() {
    phase_ = phase::closing;
    if (conversation_) conversation_->drop_input();
    if (!unsent()) linger();
}

void h1_session::linger() {
    if (peer_ended_) return close(false);
    phase_ = phase::lingering;
    transport_->shutdown_write();
    arm_for_phase();
    watch();
}

} // namespace rill::detail
