#pragma once

#include <rill/app/detail/route.hpp>
#include <rill/app/middleware.hpp>
#include <rill/app/router.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rill::detail {

/// The routes as a tree, a segment of the path per level, and the middlewares around them.
class routing_table {
public:
    void add(std::optional<method> verb, std::string_view path, std::unique_ptr<const endpoint> handler,
             const route_options& options);
    void add(std::unique_ptr<const layer> around) { layers_.push_back(std::move(around)); }

    /// Finds what answers `r`, and leaves it there.
    void match(request& r) const;

    /// Has it answer: the middlewares, then the matched handler, or the router itself.
    [[nodiscard]] outcome invoke(request& r) const;

    /// What `next` does at a depth.
    [[nodiscard]] task<response> invoke_from(std::size_t depth, request& r) const;

private:
    struct node {
        std::map<std::string, std::unique_ptr<node>, std::less<>> literals;
        std::unique_ptr<node> param;
        std::unique_ptr<node> rest;
        std::map<method, std::unique_ptr<route>> routes;
        std::unique_ptr<route> any;
    };
    class search;

    [[nodiscard]] outcome answer(request& r) const;

    node root_;
    std::uint64_t all_methods_ = 0;
    std::vector<std::unique_ptr<const layer>> layers_;
};

/// The library's own way into a router.
struct router_access {
    static const routing_table& table(const router& r) noexcept { return *r.table_; }
};

} // namespace rill::detail
