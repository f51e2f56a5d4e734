#include <rill/coro/detail/signal.hpp>
#include <rill/sse/decode.hpp>
#include <rill/sse/detail/layout.hpp>
#include <rill/sse/detail/own_events.hpp>
#include <rill/topic/detail/subscription_feed.hpp>
#include <rill/topic/detail/words.hpp>
#include <rill/topic/error.hpp>

#include <asio/error.hpp>
#include <asio/this_coro.hpp>

#include <algorithm>
#include <limits>
#include <system_error>

namespace rill::detail {
namespace {

/// How many bytes `next` takes at a time.
constexpr std::size_t portion = std::size_t{64} << 10;

/// The log has its own bounds.
constexpr decode_limits no_limits{.line = std::numeric_limits<std::size_t>::max(),
                                  .event = std::numeric_limits<std::size_t>::max()};

} // namespace

/// The messages of what was taken, one by one.
class subscription_feed::reading final : public consumer, signal::owner {
public:
    explicit reading(subscription_feed& feed) noexcept : news{*this}, feed_{feed} {}

    void on_news(batch&) override { news.notify(); }

    /// Null if what was taken has been read.
    [[nodiscard]] message* next() {
        for (;;) {
            while (!unread_.empty())
                if (decoder_.next(unread_) == decoded::message && !is_checkpoint(decoder_.current()))
                    return &decoder_.current();
            if (piece_ >= taken.pieces().size()) return nullptr; // more: nothing came, and it was cleared
            unread_ = taken.pieces()[piece_++].bytes;
        }
    }
    void begin() noexcept { piece_ = 0; }

    [[nodiscard]] bool unread() const noexcept { return !unread_.empty() || piece_ < taken.pieces().size(); }
    /// Hands what has not been read to another consumer.
    void hand_over(batch& to) {
        to.clear();
        if (!unread_.empty()) to.add({taken.pieces()[piece_ - 1].owner, unread_});
        for (const auto& piece : taken.pieces().subspan(piece_)) to.add(piece);
        piece_ = taken.pieces().size();
        unread_ = {};
    }

    signal news;
    batch taken;
    std::vector<message> messages; ///< of the last `next_batch`

private:
    /// The topics must not look for it in that event loop any more, which may be going.
    void on_given_up() noexcept override {
        feed_.for_each_cursor([](cursor& c) { c.core->leave_lot(c); });
    }

    subscription_feed& feed_;
    std::size_t piece_ = 0;
    std::string_view unread_;
    decoder decoder_{no_limits};
};

subscription_feed::subscription_feed(std::span<const std::shared_ptr<topic_core>> topics,
                                     std::string_view last_event_id, const subscribe_options& options)
    : except_from_{options.except_from}, resumes_{!last_event_id.empty()}, first_{topics.front(), *this} {
    if (auto filter = options.filter.copy())
        filter_ = std::make_unique<const event_filter>(std::move(filter));
    if (topics.size() > 1) {
        several_ = std::make_unique<several>();
        for (const auto& topic : topics.subspan(1)) several_->others.emplace_back(topic, *this);
    }
    // An id that knows nothing of a topic, and holds nothing that is unknown either, is from a time when the
    // reader did not follow that topic: to it the reader is new.
    const positions places{last_event_id};
    std::size_t known = 0;
    for_each_cursor([&](cursor& c) { known += places.find(c.core->epoch()) ? 1U : 0U; });
    const bool all_known = known > 0 && known == places.size();
    std::vector<cursor*> opened;
    const auto leave = [&] {
        for (auto* const c : opened) c->core->leave(*c);
    };
    try {
        for_each_cursor([&](cursor& c) {
            const bool is_new = all_known && !places.find(c.core->epoch());
            c.core->open(c, is_new ? std::string_view{} : last_event_id, options.start);
            if (several_) opened.push_back(&c);
        });
    } catch (const error& why) { // the log knows no status
        leave();
        throw topic_error{why};
    } catch (...) {
        leave();
        throw;
    }
}

subscription_feed::~subscription_feed() {
    for_each_cursor([](cursor& c) { c.core->leave(c); });
}

template <typename Visit>
void subscription_feed::for_each_cursor(Visit visit) {
    visit(first_);
    if (several_)
        for (auto& c : several_->others) visit(c);
}

feed::state subscription_feed::take(std::size_t bytes, batch& into) {
    if (reading_ && reading_->unread()) {
        reading_->hand_over(into);
        reading_.reset();
        return state::some;
    }
    if (filter_ || several_) return take_own(bytes, into);
    switch (first_.core->take(first_, bytes, except_from_, into)) {
    case topic_core::taken::some: return state::some;
    case topic_core::taken::none: return state::none;
    case topic_core::taken::closed: return state::ended;
    case topic_core::taken::fallen: break;
    }
    return end_of_fallen();
}

feed::state subscription_feed::end_of_fallen() {
    bool cut = false;
    for_each_cursor([&](const cursor& c) { cut |= c.cut; });
    return cut ? state::cut : state::ended;
}

/// What this reader alone gets: events that pass its filter, or with ids of their own. One portion of the log
/// at a time is looked at, whatever passes: the event loop is not the filter's alone. The topics take turns:
/// when there was no room for all of them, the first of those that have got nothing begins the next time, so
/// that one which always has more keeps none of the others waiting.
feed::state subscription_feed::take_own(std::size_t bytes, batch& into) {
    into.clear();
    bool fallen = false;
    for_each_cursor([&](cursor& c) { fallen |= c.core->has_fallen(c); });
    if (fallen) return end_of_fallen();
    batch_builder builder;
    topic_core::excerpt part;
    const auto count = cursors();
    const auto first = several_ ? several_->turn : 0;
    std::size_t served = 0;
    bool all_closed = true;
    for (auto last = added::all; served < count && last == added::all && builder.size() < bytes; ++served) {
        auto& c = cursor_at((first + served) % count);
        const auto taken = c.core->look(c, bytes - builder.size(), except_from_, part);
        if (taken == topic_core::taken::fallen) return end_of_fallen();
        c.end_seen = taken == topic_core::taken::closed;
        all_closed &= c.end_seen;
        if (taken == topic_core::taken::some) last = add_excerpt(builder, c, part);
        if (last == added::failed) break; // it has its turn again, and will be the first
    }
    if (several_) several_->turn = (first + served) % count;
    if (!builder.empty()) {
        builder.finish(into);
        return state::some;
    }
    return all_closed && served == count ? state::ended : state::none;
}

/// If the filter throws at an event that is not the first here, it will be asked again once those before it
/// are delivered.
subscription_feed::added subscription_feed::add_excerpt(batch_builder& to, cursor& c,
                                                        const topic_core::excerpt& part) {
    if (part.announce != gap::none)
        append_gap(to.copies(), id_with(c, part.begin), part.announce, part.missed);
    else if (part.opening && opens_the_stream(c))
        append_checkpoint(to.copies(), id_with(c, part.begin));
    std::size_t given = 0;
    auto result = added::all;
    for (const auto& item : part.items) {
        try {
            if (filter_ && !passes(item)) continue;
            if (to.full()) result = added::some;
        } catch (...) {
            if (to.empty()) {
                c.core->rewind(c, item.sequence - 1);
                throw;
            }
            result = added::failed;
        }
        if (result != added::all) {
            c.core->rewind(c, item.sequence - 1);
            break;
        }
        ++given;
        add_event(to, c, part, item);
    }
    c.core->delivered(given);
    return result;
}

/// The event as it lies in the log, but for the id where several topics are followed.
void subscription_feed::add_event(batch_builder& to, const cursor& c, const topic_core::excerpt& part,
                                  const topic_core::item& item) const {
    const auto& owner = part.owners[item.owner];
    if (!several_) return to.add(owner, item.bytes);
    const auto id = item.id_at + id_start.size();
    to.copies().append(item.bytes, 0, id).append(id_with(c, item.sequence));
    to.add(owner, item.bytes.substr(id + item.id_size));
}

/// Whether nothing of any other topic was given yet. The checkpoint is one for all topics.
bool subscription_feed::opens_the_stream(const cursor& c) {
    bool first = true;
    for_each_cursor([&](const cursor& other) { first = first && (&other == &c || other.opening); });
    return first;
}

bool subscription_feed::passes(const topic_core::item& item) const {
    std::string scratch;
    return (*filter_)({read_event(item.bytes, scratch), item.from, item.key});
}

/// The place in all topics, where that in the topic of `c` is behind the event `sequence`. Where a gap has
/// not been told yet, it is nowhere, so that a client which comes back with this id is told then.
std::string subscription_feed::id_with(const cursor& c, std::uint64_t sequence) const {
    std::string id;
    const auto add = [&](const cursor& each) {
        if (!id.empty()) id += ',';
        if (each.announce == gap::none)
            append(id, {each.core->epoch(), &each == &c ? sequence : each.sequence});
        else
            append(id, {});
    };
    add(first_);
    if (several_)
        for (const auto& each : several_->others) add(each);
    return id;
}

bool subscription_feed::at_end() {
    bool all = resumes_;
    for_each_cursor([&](cursor& c) { all = all && c.core->is_over_for(c) && has_nothing_left(c); });
    return all;
}

/// Looks through what is left of a closed topic, with a cursor beside that of the reader.
bool subscription_feed::has_nothing_left(cursor& c) {
    cursor probe{c.core, *this};
    probe.sequence = c.sequence;
    topic_core::excerpt part;
    while (c.core->look(probe, portion, except_from_, part) == topic_core::taken::some) {
        if (part.announce != gap::none) return false;
        for (const auto& item : part.items)
            if (!filter_ || passes(item)) return false;
    }
    return true;
}

void subscription_feed::wait(consumer& who, const asio::any_io_executor& executor) {
    consumer_ = &who;
    for_each_cursor([&](cursor& c) { c.core->wait(c, executor); });
}

void subscription_feed::pause(consumer& who, const asio::any_io_executor& executor) {
    consumer_ = &who;
    for_each_cursor([&](cursor& c) { c.core->pause(c, executor); });
}

void subscription_feed::stop_waiting() noexcept {
    for_each_cursor([](cursor& c) { c.core->stop_waiting(c); });
}

void subscription_feed::on_news(batch& scratch) noexcept {
    if (several_) stop_waiting();
    consumer_->on_news(scratch);
}

/// Waits until there is something to read. False at the end.
task<bool> subscription_feed::fill() {
    for (;;) {
        switch (take(portion, reading_->taken)) {
        case state::some: reading_->begin(); co_return true;
        case state::ended:
        case state::cut: co_return false;
        case state::none: break;
        }
        wait(*reading_, co_await asio::this_coro::executor);
        // If the subscription goes meanwhile, this frame is destroyed, or goes on if it was woken before:
        // then it must not look back.
        const std::weak_ptr<reading> alive = reading_;
        co_await reading_->news.wait();
        if (alive.expired()) throw std::system_error{asio::error::operation_aborted};
    }
}

task<const message*> subscription_feed::next() {
    if (!reading_) reading_ = std::make_shared<reading>(*this);
    for (;;) {
        if (const auto* m = reading_->next()) co_return m;
        if (!co_await fill()) co_return nullptr;
    }
}

task<std::span<const message>> subscription_feed::next_batch() {
    auto* const first = co_await next();
    auto& messages = reading_->messages;
    messages.clear();
    if (first) messages.push_back(*first);
    while (auto* const more = first ? reading_->next() : nullptr) messages.push_back(std::move(*more));
    co_return std::span<const message>{messages};
}

} // namespace rill::detail
