#include "listing.hpp"

#include <rill/app/http_error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

using namespace std::chrono_literals;

namespace hub {
namespace {

constexpr std::size_t most_in_an_answer = 1'000;

std::string members(const rill::topic_statistics& s) {
    return fmt::format(R"("subscribers":{},"events":{},"bytes":{},"pinned":{},"published":{},)"
                       R"("delivered":{},"dropped":{},"gaps":{},"disconnected":{})",
                       s.subscribers, s.events, s.bytes, s.pinned, s.published, s.delivered, s.dropped,
                       s.gaps, s.disconnected);
}

std::string json_string(std::string_view text) {
    return nlohmann::json(text).dump();
}

} // namespace

std::shared_ptr<const listing::list> listing::make() const {
    const auto begin = rill::clock::now();
    auto made = std::make_shared<list>();
    for (auto& [name, statistics] : topics_.list()) {
        auto text = fmt::format(R"({{"name":{},{}}})", json_string(name), members(statistics));
        made->topics.emplace_back(std::move(name), std::move(text));
    }
    made->total = fmt::format("{{{}}}", members(topics_.statistics()));
    const auto end = rill::clock::now();
    made->old_from = end + std::min<rill::duration>(30 * (end - begin), 1s);
    return made;
}

/// While somebody makes a new list, others get the one before.
std::shared_ptr<const listing::list> listing::current() {
    const auto last = [this] {
        const std::lock_guard lock{mutex_};
        return last_;
    };
    std::unique_lock making{making_, std::try_to_lock};
    auto known = last();
    if (!making && !known) {
        making.lock();
        known = last();
    }
    if (!making || (known && rill::clock::now() < known->old_from)) return known;
    auto made = make();
    const std::lock_guard lock{mutex_};
    return last_ = std::move(made);
}

rill::response listing::answer(const rill::request& request) {
    const auto limit = request.query<std::size_t>("limit").value_or(most_in_an_answer);
    if (limit == 0 || limit > most_in_an_answer)
        throw rill::http_error{rill::status::bad_request, "the limit must be a number from 1 to 1000"};
    const auto after = request.query("after");
    const auto all = current();
    auto from = all->topics.begin();
    if (after)
        from = std::ranges::upper_bound(all->topics, *after, {}, &std::pair<std::string, std::string>::first);
    const auto to =
        from + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(limit), all->topics.end() - from);

    std::string body = R"({"topics":[)";
    for (auto at = from; at != to; ++at) {
        if (at != from) body += ',';
        body += at->second;
    }
    body += ']';
    if (to != all->topics.end()) body += fmt::format(R"(,"next":{})", json_string(std::prev(to)->first));
    body += fmt::format(R"(,"total":{}}})", all->total);
    return rill::response::json(std::move(body)).set("Cache-Control", "no-store");
}

} // namespace hub
