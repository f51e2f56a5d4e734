#pragma once

#include <rill/app/request.hpp>
#include <rill/app/response.hpp>
#include <rill/base/clock.hpp>
#include <rill/topic/topics.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace hub {

/// GET /topics: the topics by name and what they have done, and the same in total, as JSON.
///
///     {"topics":[{"name":"news","subscribers":1,"events":3,"bytes":96,...}],"total":{"subscribers":1,...}}
///
/// There are a thousand topics in an answer, or as many as `?limit=` says, from 1 to 1000. If there are more,
/// the member `next` holds the last name of these: with it as `?after=` one gets those that follow.
///
/// All clients get the same list. It takes a thirtieth of a thread's time at most: of ten thousand topics it
/// is made once a second, of a few for each request. For any thread.
class listing {
public:
    explicit listing(const rill::topics& topics) noexcept : topics_{topics} {}

    /// Throws `http_error` 400 if `limit` is not such a number.
    [[nodiscard]] rill::response answer(const rill::request& request);

private:
    /// Names and what is said of them.
    struct list {
        std::vector<std::pair<std::string, std::string>> topics;
        std::string total;
        rill::time_point old_from; ///< it is to be made anew from then on
    };

    [[nodiscard]] std::shared_ptr<const list> current();
    [[nodiscard]] std::shared_ptr<const list> make() const;

    const rill::topics& topics_;
    std::mutex making_;
    std::mutex mutex_; ///< of `last_`
    std::shared_ptr<const list> last_;
};

} // namespace hub
