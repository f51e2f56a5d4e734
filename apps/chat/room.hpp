#pragma once

#include <rill/base/clock.hpp>
#include <rill/topic/topic.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

namespace chat {

using user_id = std::uint64_t;

/// Who asks, as far as requests tell.
struct caller {
    std::string token;                 ///< the user's secret; empty for one that has none
    std::optional<std::uint64_t> page; ///< which of his windows it is, a number that the window drew
};

/// Who is here, and what is said. All functions may be called from any thread.
///
/// There are two logs. `messages` holds what was said, so many messages as history. `presence` holds who came
/// and left (`join`, `leave`) and who has another name now (`name`), with `ID NAME` as data. It is a log of
/// its own, so that a thousand arrivals push no message out.
///
/// A user without a token is there for as long as its stream. One with a token is the same user each time
/// that it comes with it; it is away only after some seconds without a stream, so that a page that is loaded
/// anew does not leave; and it is remembered for as long as not too many others have gone after it.
class room {
public:
    /// So long a user may be without a stream before it is said to have left.
    static constexpr rill::duration grace = std::chrono::seconds{5};
    static constexpr std::size_t most_users = 100'000;
    static constexpr std::size_t most_remembered = 1'000;

    /// `history` is how many messages are kept.
    explicit room(std::size_t history);

    /// A stream of a user's, to whom the room is open as long as it lives.
    class visit {
    public:
        visit(room& where, user_id who) noexcept : room_{where}, user_{who} {}
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;
        ~visit() { room_.go(user_); }

        [[nodiscard]] user_id user() const noexcept { return user_; }

    private:
        room& room_;
        user_id user_;
    };

    /// A user comes, or comes back. `name` is for one that is not known yet. Throws `rill::http_error`: 400
    /// if the token is too long or the name is none (see `checked_name`), 503 if there are too many users.
    [[nodiscard]] visit enter(const caller& from, const std::optional<std::string>& name);

    /// What a stream of that user gets: the messages that it has not seen, all in the history at first, but
    /// those that the same window sent, then what is said; with a token, also who comes and goes from now on.
    [[nodiscard]] rill::subscription listen(const rill::request& request, const caller& from, user_id who);

    /// Who is here: a line `ID NAME` for each, the first that came first.
    [[nodiscard]] std::string here();

    /// Throws `rill::http_error`: 404 if there is no such user, 403 if the token is not its own, and what
    /// `check_text` says. A message with a `key` that its user has used lately was said already: nothing
    /// happens, so that whoever did not hear the answer may say it again.
    void say(user_id who, const caller& from, const std::string& key, std::string_view text);

    /// Throws as `say` does, and 400 if the name is none.
    void rename(user_id who, const caller& from, std::string_view name);

private:
    struct user {
        std::string token;
        std::string wanted; ///< the name it chose, or empty
        std::string name;   ///< as others see it
        std::string name_key;
        bool here = false;
        std::size_t streams = 0;
        rill::time_point gone_at{};   ///< when the last of them ended
        std::deque<std::string> keys; ///< of its last messages

        void call(std::string by);
    };
    using users = std::map<user_id, user>;
    struct departure {
        rill::time_point at;
        user_id who;
    };

    [[nodiscard]] std::string presence_place();
    [[nodiscard]] users::iterator known(const caller& from, const std::optional<std::string>& name);
    [[nodiscard]] user& allowed(user_id who, const caller& from);
    [[nodiscard]] std::string free_name(user_id who, const std::string& wanted) const;
    void tell(std::string_view event, users::const_reference about);
    void go(user_id who) noexcept;
    void leave(users::iterator one);
    void forget(users::iterator one);
    void watch(const std::stop_token& stop);

    rill::topic messages_;
    rill::topic presence_;

    std::mutex mutex_; ///< guards what follows
    users users_;
    std::unordered_map<std::string, user_id> tokens_;
    std::deque<departure> going_; ///< those who may be back in a moment
    std::deque<user_id> away_;    ///< those who have left and are remembered
    user_id last_ = 0;
    std::string presence_place_;          ///< the id of the last event there
    std::condition_variable_any changed_; ///< `going_` is not empty any more

    std::jthread watch_; ///< the last member: it uses the others
};

} // namespace chat
