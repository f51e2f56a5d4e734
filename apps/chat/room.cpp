#include "room.hpp"

#include <rill/app/http_error.hpp>
#include <rill/app/request.hpp>

#include "words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace chat {
namespace {

constexpr std::size_t most_secret_bytes = 64; ///< of a token or a key
constexpr std::size_t most_keys = 16;
/// A message that is all line ends takes most: a line of the stream for each, with its indent.
constexpr std::size_t most_bytes_encoded = 24 * 1024;

void check_size(std::string_view what, std::string_view value) {
    if (value.size() > most_secret_bytes)
        throw rill::http_error{rill::status::bad_request,
                               fmt::format("a {} has at most {} bytes", what, most_secret_bytes)};
}

/// Whose events a stream leaves out, and whose a message is. For a user with windows it is the window, which
/// shows what it sent by itself; but a window that is loaded anew needs what the user said before. The
/// topmost bit keeps the numbers that windows draw apart from those of users.
std::uint64_t sender(user_id who, const caller& from) noexcept {
    return from.page ? *from.page | std::uint64_t{1} << 63U : who;
}

} // namespace

room::room(std::size_t history)
    : messages_{{.keep_events = history,
                 .keep_bytes = history * most_bytes_encoded,
                 .policy = rill::lag_policy::skip}},
      presence_{{.keep_events = 200, .policy = rill::lag_policy::skip}},
      watch_{[this](const std::stop_token& stop) { watch(stop); }} {}

room::visit room::enter(const caller& from, const std::optional<std::string>& name) {
    check_size("token", from.token);
    const std::lock_guard lock{mutex_};
    const auto one = known(from, name);
    auto& [id, user] = *one;
    if (!user.here) {
        user.call(free_name(id, user.wanted));
        tell("join", *one);
        std::erase(away_, id);
        user.here = true;
    }
    ++user.streams;
    return visit{*this, id};
}

rill::subscription room::listen(const rill::request& request, const caller& from, user_id who) {
    const rill::subscribe_options options{.except_from = sender(who, from), .start = rill::start::earliest};
    if (from.token.empty()) return messages_.subscribe(request, options);
    // An id is the place in `messages`, a comma, and the place in `presence`. The latter is always the
    // present one: all that was before is in the list of who is here.
    const auto last = request.last_event_id();
    const auto seen = last.substr(0, last.find(','));
    const auto places = seen.empty() ? presence_place() : seen + ',' + presence_place();
    return rill::subscribe(std::array{&messages_, &presence_}, places, options);
}

std::string room::here() {
    const std::lock_guard lock{mutex_};
    std::string list;
    for (const auto& [id, user] : users_)
        if (user.here)
            fmt::format_to(std::back_inserter(list), "{}{} {}", list.empty() ? "" : "\n", id, user.name);
    return list;
}

void room::say(user_id who, const caller& from, const std::string& key, std::string_view text) {
    check_text(text);
    check_size("key", key);
    const std::lock_guard lock{mutex_};
    auto& user = allowed(who, from);
    if (!key.empty() && std::ranges::find(user.keys, key) != user.keys.end()) return;
    messages_.publish({.data = message_of(user.name, text)}, {.from = sender(who, from)});
    if (key.empty()) return;
    user.keys.push_back(key);
    if (user.keys.size() > most_keys) user.keys.pop_front();
}

void room::rename(user_id who, const caller& from, std::string_view name) {
    auto wanted = checked_name(name);
    const std::lock_guard lock{mutex_};
    auto& user = allowed(who, from);
    user.wanted = std::move(wanted);
    auto free = free_name(who, user.wanted);
    if (user.name == free) return;
    user.call(std::move(free));
    if (user.here) tell("name", *users_.find(who));
}

std::string room::presence_place() {
    const std::lock_guard lock{mutex_};
    return presence_place_;
}

/// The user with the token, or a new one.
room::users::iterator room::known(const caller& from, const std::optional<std::string>& name) {
    if (!from.token.empty())
        if (const auto found = tokens_.find(from.token); found != tokens_.end())
            return users_.find(found->second);
    auto wanted = name ? checked_name(*name) : std::string{};
    if (users_.size() >= most_users)
        throw rill::http_error{rill::status::service_unavailable, "the room is full"};
    const auto one = users_.try_emplace(users_.end(), last_ + 1);
    ++last_;
    one->second.token = from.token;
    one->second.wanted = std::move(wanted);
    if (!from.token.empty()) tokens_.emplace(from.token, one->first);
    return one;
}

/// The user, if it is the one that asks. Whoever has no token has only its id, which others may guess.
room::user& room::allowed(user_id who, const caller& from) {
    const auto one = users_.find(who);
    if (one == users_.end()) throw rill::http_error{rill::status::not_found, "there is no such user"};
    if (one->second.token != from.token)
        throw rill::http_error{rill::status::forbidden, "this user has another token"};
    return one->second;
}

void room::user::call(std::string by) {
    name = std::move(by);
    name_key = chat::name_key(name);
}

/// `wanted`, or what tells the user apart if somebody who is here has a name that looks alike.
std::string room::free_name(user_id who, const std::string& wanted) const {
    if (wanted.empty()) return fmt::format("User#{}", who);
    const auto key = name_key(wanted);
    const bool taken = std::ranges::any_of(users_, [&](const auto& one) {
        return one.first != who && one.second.here && one.second.name_key == key;
    });
    return taken ? fmt::format("{}#{}", wanted, who) : wanted;
}

void room::tell(std::string_view event, users::const_reference about) {
    presence_place_ =
        presence_.publish({.name = event, .data = fmt::format("{} {}", about.first, about.second.name)});
}

/// A stream has ended.
void room::go(user_id who) noexcept {
    const std::lock_guard lock{mutex_};
    const auto one = users_.find(who);
    auto& user = one->second;
    if (--user.streams > 0) return;
    if (user.token.empty()) {
        leave(one);
        return;
    }
    user.gone_at = rill::clock::now();
    going_.push_back({user.gone_at + grace, who});
    changed_.notify_one();
}

/// It has left, and is remembered if it can come back.
void room::leave(users::iterator one) {
    auto& [id, user] = *one;
    user.here = false;
    tell("leave", *one);
    if (user.token.empty()) {
        users_.erase(one);
        return;
    }
    away_.push_back(id);
    if (away_.size() <= most_remembered) return;
    const auto oldest = users_.find(away_.front());
    away_.pop_front();
    tokens_.erase(oldest->second.token);
    users_.erase(oldest);
}

/// Sees off those who do not come back. `going_` is in the order of time, since all have the same grace.
void room::watch(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    while (changed_.wait(lock, stop, [&] { return !going_.empty(); })) {
        const auto [at, who] = going_.front();
        changed_.wait_until(lock, stop, at, [] { return false; });
        if (stop.stop_requested()) return;
        going_.pop_front();
        const auto one = users_.find(who);
        const bool stayed_away = one != users_.end() && one->second.streams == 0 && one->second.here &&
                                 one->second.gone_at + grace == at;
        if (stayed_away) leave(one);
    }
}

} // namespace chat
