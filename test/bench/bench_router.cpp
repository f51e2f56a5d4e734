// What it costs to find a route among 200: nanoseconds for each path. The baseline looks the static paths up
// in a hash table.
#include <rill/app/detail/request_source.hpp>
#include <rill/app/detail/routing_table.hpp>
#include <rill/rill.hpp>

#include "figures.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

using rill::detail::request_access;

constexpr int groups = 50; // of four routes
constexpr int rounds = 20'000;

class nowhere final : public rill::detail::request_source {
public:
    rill::task<std::string> read_body() override { co_return ""; }
    [[nodiscard]] std::string remote_address() const override { return "nobody"; }
    [[nodiscard]] bool secure() const noexcept override { return false; }
};

/// A GET of `path` that only has to be matched.
struct asked {
    asked(rill::detail::request_source& source, const rill::limits& limits, std::string_view path)
        : request(request_access::make(source, limits)) {
        request_access::head(request).target = *rill::target::parse(path);
    }
    rill::request request;
};

struct text_hash : std::hash<std::string_view> {
    using is_transparent = void;
};
using hash_table = std::unordered_map<std::string, int, text_hash, std::equal_to<>>;

/// `path` has the number of its group in place of `#`.
std::string with_number(std::string_view path, int number) {
    std::string text{path};
    return text.replace(text.find('#'), 1, fmt::format("{:02}", number));
}

class bench {
public:
    bench() {
        for (int i = 0; i < groups; ++i)
            for (const auto* path : {"/section-#", "/api/v1/things-#/{id}",
                                     "/api/v1/things-#/{id}/parts/{part}", "/a/b/c/d/e/f/g/item-#"})
                routes_.get(with_number(path, i), [](rill::request&) { return rill::response::text(""); });
    }

    void measure(std::string_view what, std::string_view path, bool is_there) {
        std::list<asked> requests; // which cannot move
        hash_table table;
        std::vector<std::string> paths;
        for (int i = 0; i < groups; ++i) {
            paths.push_back(with_number(path, i));
            table.emplace(paths.back(), i);
            requests.emplace_back(source_, limits_, paths.back());
        }
        const auto& routes = rill::detail::router_access::table(routes_);
        const auto time = compare(
            [&] {
                for (int round = 0; round < rounds; ++round)
                    for (auto& each : requests) {
                        routes.match(each.request);
                        if ((request_access::matched(each.request) != nullptr) != is_there) std::abort();
                    }
            },
            [&] {
                for (int round = 0; round < rounds; ++round)
                    for (const auto& text : paths)
                        if (!table.contains(std::string_view{text})) std::abort();
            });
        constexpr double count = double{groups} * rounds;
        fmt::print("match of {}: {:.0f} ns; unordered_map: {:.0f} ns\n", what, time.work / count,
                   time.baseline / count);
    }

private:
    rill::router routes_;
    rill::limits limits_;
    nowhere source_;
};

} // namespace

int main() {
    bench all;
    all.measure("a path", "/section-#", true);
    all.measure("a path with a parameter", "/api/v1/things-#/4711", true);
    all.measure("a path with two parameters", "/api/v1/things-#/4711/parts/12", true);
    all.measure("a path of eight segments", "/a/b/c/d/e/f/g/item-#", true);
    all.measure("a path without a route", "/api/v1/nothing-#/4711", false);
}
