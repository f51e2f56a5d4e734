#include <rill/base/error.hpp>
#include <rill/base/text.hpp>
#include <rill/client/detail/client_core.hpp>
#include <rill/client/detail/exchange_in_flight.hpp>
#include <rill/client/detail/idempotent.hpp>
#include <rill/client/detail/interrupt.hpp>
#include <rill/client/detail/reconnect.hpp>
#include <rill/client/detail/response_fields.hpp>
#include <rill/client/event_source.hpp>
#include <rill/http/detail/syntax.hpp>
#include <rill/http/method.hpp>
#include <rill/http/status.hpp>
#include <rill/sse/decode.hpp>
#include <rill/sse/detail/own_events.hpp>
#include <rill/sse/detail/refusal.hpp>

#include <asio/error.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace rill {
namespace {

using namespace std::string_view_literals;

using step = detail::reconnect::step;

/// The id of the last event is the source's own to send: a field that the caller has set is where it begins.
[[nodiscard]] std::string take_id(client_request& request, std::string_view last_event_id) {
    const auto field = request.fields()["Last-Event-ID"];
    if (!field) return std::string{last_event_id};
    std::string id{last_event_id.empty() ? *field : last_event_id};
    client_request without{request.method(), request.url()};
    for (const auto& [name, value] : request.fields())
        if (!equals_ignoring_case(name, "Last-Event-ID")) without.set(name, value);
    if (request.has_body()) without.body(request.body(), {});
    request = std::move(without);
    return id;
}

/// A wait that an interrupt ends.
class pause final : detail::interrupt::target {
public:
    pause(const asio::any_io_executor& executor, std::chrono::steady_clock::time_point until,
          detail::interrupt& by)
        : timer_{executor, until}, by_{by} {
        by_.watch(this);
    }
    pause(const pause&) = delete;
    pause& operator=(const pause&) = delete;
    ~pause() { by_.watch(nullptr); }

    /// Ends early where it is interrupted; throws where the coroutine is cancelled.
    task<void> over() {
        asio::error_code result;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, result));
        if (result && !by_.fired()) throw std::system_error{result};
    }

private:
    void on_interrupt() noexcept override { timer_.cancel(); }

    asio::steady_timer timer_;
    detail::interrupt& by_;
};

} // namespace

/// `next` goes round in this, until there is a message or an end:
///
///     wait ──▶ ask ──200──▶ decode ⇄ read
///      ▲        │                     │            `close`, or given up: closed
///      └────────┴──────── fail ◀──────┘
///
/// `close` and `restart` note what is wanted and interrupt what is under way; they may be called by an
/// observer, in the middle of any of it, so what they do away with is dropped later, by `next`.
class event_source::impl {
public:
    impl(std::shared_ptr<detail::client_core> core, client_request request,
         const event_source_options& options)
        : core_{std::move(core)},
          request_{std::move(request)},
          observer_{options.observer},
          policy_{options.retry, options.max_retry, options.retry_server_errors},
          may_repeat_{options.retry_post || detail::is_idempotent(request_.method())},
          decoder_{core_->options().events, take_id(request_, options.last_event_id)},
          place_{decoder_.last_event_id()} {
        if (!request_.fields().contains("Accept")) request_.set("Accept", "text/event-stream");
    }

    [[nodiscard]] task<const message*> next();
    void close() noexcept;
    void restart() noexcept;

    [[nodiscard]] source_state state() const noexcept { return state_; }
    [[nodiscard]] const std::string& last_event_id() const noexcept { return decoder_.last_event_id(); }

private:
    /// `next` is under way. It may be destroyed where it is suspended, too.
    class presence {
    public:
        explicit presence(impl& of) noexcept : of_{of} { of_.busy_ = true; }
        presence(const presence&) = delete;
        presence& operator=(const presence&) = delete;
        ~presence() {
            of_.busy_ = false;
            // A stream that was cancelled in mid-read has lost its place, and goes on with a new connection.
            if (of_.reading_ || of_.state_ == source_state::closed) of_.drop();
        }

    private:
        impl& of_;
    };

    [[nodiscard]] task<void> wait();
    [[nodiscard]] task<void> ask();
    [[nodiscard]] task<void> read();
    [[nodiscard]] bool decode();

    [[nodiscard]] client_request next_request() const;
    void note_place();
    void take_answer();
    void take_refusal(const detail::refusal& refusal);
    void fail(const detail::reconnect::verdict& verdict, const error& why);
    void drop() noexcept;
    [[nodiscard]] bool may_ask() const noexcept { return may_repeat_ || !sent_; }
    [[nodiscard]] bool is_wanted() const noexcept { return state_ != source_state::closed && !restart_; }

    std::shared_ptr<detail::client_core> core_;
    client_request request_;
    source_observer* observer_;
    detail::reconnect policy_;
    bool may_repeat_;
    bool sent_ = false; // a server may have got the request
    decoder decoder_;
    std::string place_; // where to go on: the last id that a header field can hold
    std::mt19937_64 random_{std::random_device{}()};
    source_state state_ = source_state::connecting;
    bool busy_ = false;
    bool reading_ = false;
    bool restart_ = false;
    std::optional<std::chrono::steady_clock::time_point> due_; // the next attempt; nothing: at once
    std::optional<error> gave_up_;
    detail::interrupt interrupt_;
    std::optional<client_response> response_; // refers to the interrupt
    std::string_view unread_;                 // of its last piece
};

task<const message*> event_source::impl::next() {
    const presence here{*this};
    for (;;) {
        interrupt_.reset();
        if (std::exchange(restart_, false)) {
            drop();
            due_.reset();
            sent_ = false;
        }
        if (gave_up_) throw error{*gave_up_};
        if (state_ == source_state::closed) co_return nullptr;

        if (!response_) {
            if (due_) co_await wait();
            if (is_wanted()) co_await ask();
        } else if (unread_.empty()) {
            co_await read();
        } else if (decode()) {
            co_return &decoder_.current();
        }
    }
}

task<void> event_source::impl::wait() {
    pause until_due{co_await asio::this_coro::executor, *due_, interrupt_};
    co_await until_due.over();
    due_.reset();
}

/// One attempt.
task<void> event_source::impl::ask() {
    std::optional<error> failure;
    try {
        if (!may_ask()) // a `next` was cancelled
            throw error{client_errc::interrupted,
                        fmt::format("{}: it was sent, and is not sent again", to_string(request_.method()))};
        auto request = next_request();
        response_.emplace(co_await core_->send(std::move(request), &interrupt_, &sent_));
    } catch (const error& e) {
        failure.emplace(e);
    }
    if (!is_wanted()) co_return;
    if (failure)
        fail(policy_.on_failure(failure->code(), random_()), *failure);
    else
        take_answer();
}

client_request event_source::impl::next_request() const {
    auto request = request_;
    if (!place_.empty()) request.set("Last-Event-ID", place_);
    return request;
}

/// An id with controls cannot be sent back, since servers refuse a header field with one. The one before it
/// can: what came since comes again, and nothing is lost.
void event_source::impl::note_place() {
    const auto& id = decoder_.last_event_id();
    if (id != place_ && detail::all(id, detail::value_char)) place_ = id;
}

void event_source::impl::take_answer() {
    const auto& fields = response_->fields();
    const auto type = fields["Content-Type"].value_or(""sv);
    const detail::reconnect::answer head{.verb = request_.method(),
                                         .status = response_->status(),
                                         .content_type = type,
                                         .retry_after = fields["Retry-After"].value_or(""sv),
                                         .now = std::time(nullptr)};
    auto verdict = policy_.on_response(head, random_());
    const auto coding = detail::content_coding(fields);
    if (verdict.what == step::open && !coding.empty())
        verdict = policy_.on_failure(client_errc::unknown_coding, random_());
    if (verdict.what == step::open) {
        decoder_.reset();
        unread_ = {};
        state_ = source_state::open;
        if (observer_ != nullptr) observer_->on_open(*response_);
        return;
    }
    auto found = fmt::format("{} {}", static_cast<unsigned>(head.status), reason(head.status));
    if (verdict.why == client_errc::wrong_media_type) found = fmt::format("the media type is '{}'", type);
    if (verdict.why == client_errc::unknown_coding) found = coding;
    const error why{verdict.why,
                    fmt::format("{} {}: {}", to_string(request_.method()), response_->url(), found)};
    drop();
    fail(verdict, why);
}

/// The next piece.
task<void> event_source::impl::read() {
    std::optional<error> failure;
    reading_ = true;
    try {
        unread_ = co_await response_->read();
    } catch (const error& e) {
        failure.emplace(e);
    }
    reading_ = false;
    if (!is_wanted() || !(failure || unread_.empty())) co_return;

    if (failure) {
        drop();
        fail(policy_.on_failure(failure->code(), random_()), *failure);
    } else {
        const error why{make_error_code(asio::error::eof),
                        fmt::format("{} {}", to_string(request_.method()), response_->url())};
        drop();
        fail(policy_.on_end(random_()), why);
    }
}

/// Goes through what was read, up to a message.
bool event_source::impl::decode() {
    std::optional<error> failure;
    while (!unread_.empty() && is_wanted()) {
        auto found = decoded::nothing;
        try {
            found = decoder_.next(unread_);
        } catch (const error& e) {
            failure.emplace(e.code(), fmt::format("{} {}", to_string(request_.method()), response_->url()));
            break;
        }
        if (found == decoded::message) note_place();
        if (found == decoded::message && !detail::is_checkpoint(decoder_.current())) {
            if (const auto refusal = detail::read_refusal(decoder_.current())) {
                take_refusal(*refusal);
                return false;
            }
            policy_.on_message();
            return true;
        }
        if (found == decoded::comment && observer_ != nullptr) observer_->on_comment(decoder_.comment());
    }
    note_place(); // also of an id without data
    if (failure) {
        drop();
        fail(policy_.on_failure(failure->code(), random_()), *failure);
    }
    return false;
}

/// The stream says what a status would have said to a client that can bear one.
void event_source::impl::take_refusal(const detail::refusal& refusal) {
    const error why{client_errc::bad_status, fmt::format("{} {}: {} {}", to_string(request_.method()),
                                                         response_->url(), refusal.status, refusal.reason)};
    const detail::reconnect::answer head{.status = static_cast<status>(refusal.status)};
    drop(); // takes over the time to wait
    fail(policy_.on_response(head, random_()), why);
}

void event_source::impl::fail(const detail::reconnect::verdict& verdict, const error& why) {
    std::optional<std::chrono::milliseconds> wait;
    if (verdict.what == step::wait && may_ask()) {
        wait = verdict.wait;
        due_ = std::chrono::steady_clock::now() + verdict.wait;
    } else {
        state_ = source_state::closed;
        if (why.code() != asio::error::eof) gave_up_.emplace(why);
    }
    if (observer_ != nullptr) observer_->on_error(why, wait);
}

void event_source::impl::drop() noexcept {
    if (const auto time = decoder_.retry()) policy_.on_retry(*time); // also of a stream that was left
    response_.reset();
    unread_ = {};
    reading_ = false;
    if (state_ == source_state::open) state_ = source_state::connecting;
}

void event_source::impl::close() noexcept {
    state_ = source_state::closed;
    gave_up_.reset();
    interrupt_.fire();
    if (!busy_) drop();
}

void event_source::impl::restart() noexcept {
    if (state_ == source_state::closed) return;
    restart_ = true;
    interrupt_.fire();
    if (!busy_) drop();
}

event_source::event_source(http_client& client, std::string_view url, const event_source_options& options)
    : event_source{client, client_request{method::get, url}, options} {}

event_source::event_source(http_client& client, client_request request, const event_source_options& options)
    : impl_{std::make_unique<impl>(client.core_, std::move(request), options)} {}

event_source::event_source(event_source&&) noexcept = default;
event_source& event_source::operator=(event_source&&) noexcept = default;
event_source::~event_source() = default;

task<const message*> event_source::next() {
    return impl_->next();
}
void event_source::close() noexcept {
    impl_->close();
}
void event_source::restart() noexcept {
    impl_->restart();
}
source_state event_source::state() const noexcept {
    return impl_->state();
}
const std::string& event_source::last_event_id() const noexcept {
    return impl_->last_event_id();
}

} // namespace rill
