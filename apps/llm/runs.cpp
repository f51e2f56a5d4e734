#include "runs.hpp"

#include "chat_request.hpp"
#include "completion.hpp"
#include "refusal.hpp"

#include <asio/this_coro.hpp>
#include <fmt/format.h>

#include <optional>
#include <utility>

namespace llm {

void runs::add_routes(rill::router& routes) {
    routes.post("/runs", [this](rill::request& request) { return begin(request); },
                {.max_body = chat_request::most_bytes});
    routes.get("/runs/{id}", [this](rill::request& request) { return find(request)->listen(request); });
    routes.delete_("/runs/{id}", [this](rill::request& request) -> rill::response {
        find(request)->stop();
        return rill::status::no_content;
    });
}

rill::task<rill::response> runs::begin(rill::request& request) {
    const auto body = co_await request.text();
    auto answer = source_.generate(body);
    // It lives on the thread of this connection, but not with it.
    const auto one = std::make_shared<run>(co_await asio::this_coro::executor);
    const auto id = random_id();
    keep(id, one);
    const bool gives_up = options_.on_abandon == abandon::cancel;
    one->begin(std::move(answer), gives_up ? std::optional{options_.grace} : std::nullopt);
    co_return rill::response::json(fmt::format(R"({{"id":"{}"}})", id), rill::status::created)
        .set("Location", fmt::format("/runs/{}", id));
}

std::shared_ptr<run> runs::find(const rill::request& request) {
    const std::lock_guard lock{mutex_};
    const auto found = runs_.find(request.param("id"));
    if (found == runs_.end())
        throw refusal{rill::status::not_found, "there is no such answer, or none any more", "id",
                      "run_not_found"};
    return found->second;
}

void runs::keep(const std::string& id, std::shared_ptr<run> one) {
    const std::lock_guard lock{mutex_};
    make_room();
    if (runs_.size() >= options_.most)
        throw refusal{rill::status::service_unavailable, "there are too many answers under way"};
    runs_.emplace(id, std::move(one));
}

void runs::make_room() {
    const auto now = rill::clock::now();
    auto oldest = runs_.end();
    rill::time_point oldest_end = now;
    for (auto one = runs_.begin(); one != runs_.end();) {
        const auto ended = one->second->ended_at();
        if (ended && now - *ended >= options_.keep) {
            one = runs_.erase(one);
            continue;
        }
        if (ended && *ended <= oldest_end) {
            oldest = one;
            oldest_end = *ended;
        }
        ++one;
    }
    if (runs_.size() >= options_.most && oldest != runs_.end()) runs_.erase(oldest);
}

runs::count runs::counted() {
    const std::lock_guard lock{mutex_};
    count now{.kept = runs_.size()};
    for (const auto& [id, one] : runs_) now.listeners += one->listeners();
    return now;
}

} // namespace llm
