#include <rill/app/detail/refusal.hpp>
#include <rill/app/detail/request_source.hpp>
#include <rill/coro/detail/handler_executor.hpp>
#include <rill/net/detail/answer.hpp>
#include <rill/net/detail/parked_stream.hpp>
#include <rill/sse/detail/layout.hpp>
#include <rill/sse/frame.hpp>
#include <rill/topic/error.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <limits>
#include <stdexcept>
#include <utility>

namespace rill::detail {
namespace {

/// Throws `why`, as a `http_error` where the library knows what a client is to be told of it.
[[noreturn]] void rethrow_for_client(const std::exception_ptr& why) {
    try {
        std::rethrow_exception(why);
    } catch (const topic_error& e) {
        throw e.to_http_error();
    }
}

} // namespace

void answer_host::end_for_drain() {
    if (const auto spread = home().common().reconnect_spread; spread > spread.zero())
        write(frame{
            {.retry = std::chrono::milliseconds{home().random(static_cast<std::uint64_t>(spread.count()))}}}
                  .bytes());
    end();
}

const route& answer::matched() const {
    // A middleware may answer with a stream where no route does.
    static const route none{pattern{"/"}, nullptr, {}, std::string{empty_comment}};
    const auto* found = request_access::matched(*request_);
    return found ? *found : none;
}

void answer::begin(request& r) {
    request_ = &r;
    over_ = blocked_ = false;
    const auto began = shard_.timers().noted(); // by who has just set its timer to this request
    try {
        auto given = shard_.common().routes.invoke(r);
        if (auto* ready = std::get_if<response>(&given))
            give(std::move(*ready));
        else
            run(std::get<task<response>>(std::move(given)));
    } catch (...) {
        fail(std::current_exception());
    }
    if (!over_) static_cast<void>(shard_.timers().recently()); // else the session has looked at its clock
    shard_.handler_ran(began, r);
}

void answer::turn_away(request& r, const char* reason) {
    request_ = &r;
    over_ = false;
    fail(std::make_exception_ptr(http_error{status::service_unavailable, reason}.with("Retry-After", "5")));
}

void answer::time_out() {
    if (!is_due()) return;
    log_failure("it has taken too long");
    const auto owner = host_.owner();
    over_ = true;
    respond(response::text("the handler has taken too long", status::service_unavailable));
    if (running_) cancel_.emit(asio::cancellation_type::terminal);
    release();
}

/// Starts what the handler awaits, or the handler itself; `done` is told how it ended, and must keep the
/// owner.
template <typename T, typename Done>
void answer::spawn(task<T> work, Done done) {
    running_ = true;
    handler_ = shard_.number_handler();
    try {
        asio::co_spawn(handler_executor{shard_.turns(), handler_}, std::move(work),
                       asio::bind_cancellation_slot(cancel_.slot(), std::move(done)));
    } catch (...) { // it has not begun, or is over and could not say so
        running_ = false;
        throw;
    }
}

void answer::run(task<response> work) {
    spawn(std::move(work), [this, owner = host_.owner()](const std::exception_ptr& failure, response given) {
        running_ = false;
        if (over_) return;
        shard_.handler_ends(*request_);
        if (failure) return fail(failure);
        try {
            give(std::move(given));
        } catch (...) {
            fail(std::current_exception());
        }
    });
}

void answer::give(response&& r) {
    if (const auto code = static_cast<unsigned>(r.status()); code < 200 || code > 599)
        throw std::logic_error{fmt::format("the response has the status {}, which ends no request", code)};
    if (std::holds_alternative<std::string>(r.body())) {
        over_ = true;
        return respond(std::move(r));
    }
    if (!may_have_body(r.status())) throw std::logic_error{"a stream needs a status that has a body"};
    host_.stream_opens(*request_);
    head_.emplace(std::move(r.head()));
    if (request_->method() == method::head) {
        start();
        over_ = true;
        return host_.end(); // the head is all there is, and the handler need not run
    }
    if (auto* what = std::get_if<elements>(&r.body())) return park(std::move(*what));
    stream_ = std::make_unique<stream>(*this);
    if (auto* events = std::get_if<event_stream>(&r.body()))
        begin_events(std::move(*events));
    else
        begin_writing(std::get<response::writing>(std::move(r.body())));
}

/// The one way of a complete answer to the client.
void answer::respond(response&& r) {
    if (belongs_in_a_stream(r, *request_)) return respond_in_a_stream(std::move(r));
    host_.respond(r.head(), std::get<std::string>(r.body()));
}

/// What is only for now is told so that the client comes back.
void answer::respond_in_a_stream(response&& r) {
    auto stream = in_a_stream(std::move(r), *request_,
                              shard_.random(std::numeric_limits<std::uint64_t>::max()), std::time(nullptr));
    host_.start(stream.head());
    if (request_->method() != method::head) host_.write(std::get<std::string>(stream.body()));
    host_.end();
}

/// Before the head went out, the client is told; after that it can only see the answer cut off.
void answer::fail(const std::exception_ptr& why) {
    auto reply = response::text("Internal Server Error", status::internal_server_error);
    try {
        rethrow_for_client(why);
    } catch (const http_error& e) {
        const auto code = static_cast<unsigned>(e.code());
        const bool fit = code >= 400 && code <= 599;
        if (fit) reply = response::text(e.what(), e.code());
        for (const auto& [name, value] : e.fields()) reply.fields().add(name, value);
        if (!fit || has_begun()) log_failure(e.what());
    } catch (const std::exception& e) {
        log_failure(e.what());
    } catch (...) {
        log_failure("an exception that is no std::exception");
    }
    const bool cut = has_begun();
    over_ = true;
    pumping_ = false;                                              // what it has thrown has ended that, too
    if (running_) cancel_.emit(asio::cancellation_type::terminal); // it is not the handler that has failed
    release();
    if (cut)
        host_.abort();
    else
        respond(std::move(reply));
}

void answer::log_failure(std::string_view what) {
    shard_.log(log_level::error, fmt::format("{} {}: the handler failed: {}", to_string(request_->method()),
                                             request_->path(), what));
}

void answer::write(std::string_view bytes) {
    if (over_) return;
    host_.write(bytes);
    stream_->alive.wrote();
}

bool answer::start() {
    if (over_ || !head_) return false;
    host_.start(*head_);
    head_.reset();
    if (shard_.draining()) // too late for the round that draining made
        asio::post(shard_.context(), [this, owner = host_.owner()] { on_drain(); });
    return true;
}

void answer::begin_events(event_stream&& events) {
    events_.emplace(std::move(events));
    pump();
}

void answer::add_current() {
    try {
        stream_->writer.add(events_->current());
    } catch (...) {
        events_->refuse(std::current_exception()); // it is the handler's to know
    }
}

void answer::pump() {
    const auto began = shard_.timers().recently();
    try {
        run_handler();
    } catch (...) {
        return fail(std::current_exception());
    }
    shard_.handler_ran(began, *request_); // by the clock of what it wrote, or of its sleep
}

/// Runs the handler until it waits, ends, or is too far ahead of the client.
void answer::run_handler() {
    pumping_ = true;
    for (bool resting = false; !resting && !over_;) {
        switch (events_->resume()) {
        case event_stream::state::yielded:
            add_current();
            if (stream_->writer.full()) {
                stream_->writer.send();
                blocked_ = host_.backlog() > 0;
                if (!blocked_) return pump_soon(); // others have waited long enough
                resting = true;
            }
            break;
        case event_stream::state::relaying: resting = relay_current(); break;
        case event_stream::state::waiting:
            resting = true;
            if (const auto time = events_->sleep())
                sleep(*time);
            else
                resting = !run_operation();
            break;
        case event_stream::state::finished: {
            std::exception_ptr failure;
            try {
                events_->result();
            } catch (...) {
                failure = std::current_exception();
            }
            pumping_ = false;
            return finish(failure);
        }
        }
    }
    pumping_ = false;
    if (over_) release();
}

void answer::pump_soon() {
    asio::post(shard_.context(), [this, owner = host_.owner()] {
        pumping_ = false;
        if (over_) return release();
        pump();
    });
}

/// No operation of Asio is needed for it, which would take three times the memory of all else.
void answer::sleep(duration time) {
    stream_->writer.flush();
    if (time > duration::zero())
        shard_.timers().arm_after(stream_->sleep, time);
    else
        wake_soon();
}

void answer::alarm::on_timer() noexcept try {
    whom_.wake_soon();
} catch (...) { // there is no memory for that now
    whom_.shard_.timers().arm_after(*this, std::chrono::milliseconds{10});
}

/// From the event loop: the handler's code is not to run inside the timer wheel.
void answer::wake_soon() {
    asio::post(shard_.context(), [this, owner = host_.owner()] { completed(nullptr); });
}

/// What the handler awaits runs. If that takes no waiting, this is true and the handler can go on; else what
/// it has yielded goes out. The head stays until the handler waits for something other than the request's
/// body, so that a body it cannot use still gets its status.
bool answer::run_operation() {
    const auto reads = host_.body_reads();
    spawn(events_->operation(), [this, owner = host_.owner()](std::exception_ptr failure) {
        running_ = false;
        if (pumping_) // it ended inside `co_spawn`, on top of `pump`
            events_->completed(std::move(failure));
        else
            completed(std::move(failure));
    });
    if (!running_) return true;
    if (!head_ || host_.body_reads() == reads)
        stream_->writer.flush();
    else if (!host_.awaits_body())
        flush_soon(); // behind an operation that read a body which had come already
    return false;
}

void answer::completed(std::exception_ptr failure) {
    if (over_) return release();
    events_->completed(std::move(failure));
    if (stream_->writer.behind())
        blocked_ = true;
    else
        pump();
}

void answer::begin_writing(response::writing&& handler) {
    writing_ = std::move(handler);
    spawn(writing_(stream_->writer), [this, owner = host_.owner()](const std::exception_ptr& failure) {
        running_ = false;
        if (over_) return release();
        finish(failure);
    });
    if (!host_.awaits_body()) flush_soon();
}

/// The elements that the handler has yielded go out behind its events, and with them. False if they are
/// through already.
bool answer::relay_current() {
    const bool opens = start();
    stream_->relay = std::make_unique<relay>(stream_->alive, std::move(events_->current_elements()), *this);
    auto front = std::exchange(stream_->writer.batch_, {});
    bool going = false;
    try {
        going = stream_->relay->begin(front, opens);
    } catch (...) {
        events_->refuse(std::current_exception());
    }
    shard_.give_back(std::move(front));
    if (!going) stream_->relay.reset();
    return going;
}

/// No handler is left: the connection needs none of this any more.
void answer::park(elements&& what) {
    auto rest = std::make_unique<parked_stream>(host_, matched(), std::move(what));
    start();
    over_ = true;
    release();
    host_.park(std::move(rest));
}

void answer::on_relayed(const std::exception_ptr& failure) {
    stream_->relay.reset();
    if (failure) events_->refuse(failure);
    pump();
}

/// The handler of a stream is done, and what it wrote goes out first.
void answer::finish(const std::exception_ptr& failure) {
    if (!failure || !head_ || !stream_->writer.batch_.empty()) stream_->writer.flush();
    if (failure) return fail(failure);
    over_ = true;
    release();
    host_.end();
}

void answer::flush_soon() {
    asio::post(shard_.context(), [this, owner = host_.owner()] {
        if (stream_) stream_->writer.flush();
    });
}

void answer::on_drained() {
    if (over_) return;
    if (!stream_) return;
    stream_->writer.on_drained();
    if (stream_->relay) return stream_->relay->on_drained();
    if (std::exchange(blocked_, false)) pump();
}

void answer::on_gone() {
    if (over_) return;
    over_ = true;
    const auto owner = host_.owner();
    if (running_) cancel_.emit(asio::cancellation_type::terminal);
    release();
}

void answer::on_drain() {
    if (over_ || !has_begun()) return; // a plain answer, or one not begun, is awaited
    if (matched().options.drain == drain::let_finish) return;
    stream_->writer.flush();
    over_ = true;
    const auto owner = host_.owner();
    host_.end_for_drain();
    if (running_) cancel_.emit(asio::cancellation_type::terminal);
    release();
}

/// Destroys the handler, unless something still refers to its frames: whoever does calls again.
void answer::release() noexcept {
    if (stream_) stream_->alive.rest();
    if (stream_) stream_->relay.reset();
    if (running_ || pumping_) return;
    events_.reset();
    stream_.reset();
    writing_ = nullptr;
    head_.reset();
}

} // namespace rill::detail
