#pragma once

#include <rill/app/handler.hpp>
#include <rill/app/middleware.hpp>
#include <rill/app/route_options.hpp>
#include <rill/base/export.hpp>
#include <rill/http/method.hpp>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace rill {

namespace detail {
class routing_table;
struct router_access;
} // namespace detail

/// Which handler answers which method and path.
///
/// A pattern is a path of segments, each of them a literal, `{name}` for any one segment that is not empty,
/// or, as the last one, `{name...}` for all that is left. Where several patterns fit a path, in each segment
/// a literal goes before a
/// `{name}`, and that before a `{name...}`; a pattern without the request's method is passed over. A path is
/// compared after percent-decoding, by segment, so that `%2F` splits none. `/a` and `/a/` are two paths.
///
/// HEAD is answered by the handler of GET and OPTIONS by the router, where they have no route of their own.
/// No pattern fits: 404. One fits, but has not the method: 405 with `Allow`.
///
/// Fill it before serving begins; it must outlive the server, and is read by all its threads.
///
/// **Example**
///
///     rill::router routes;
///     routes.get("/ticks", ticks, {.keep_alive = 5s})
///         .post("/chat/{id}", say)
///         .get("/static/{path...}", files);
class RILL_EXPORT router {
public:
    router();
    router(router&&) noexcept;
    router& operator=(router&&) noexcept;
    ~router();

    // Each of these throws `std::invalid_argument` with the cause if the pattern is malformed, if method and
    // pattern have a route already, or if `options.comment` cannot be sent.

    template <typename F>
    router& get(std::string_view pattern, F handler, const route_options& options = {}) {
        return route(method::get, pattern, std::move(handler), options);
    }
    template <typename F>
    router& post(std::string_view pattern, F handler, const route_options& options = {}) {
        return route(method::post, pattern, std::move(handler), options);
    }
    template <typename F>
    router& put(std::string_view pattern, F handler, const route_options& options = {}) {
        return route(method::put, pattern, std::move(handler), options);
    }
    template <typename F>
    router& patch(std::string_view pattern, F handler, const route_options& options = {}) {
        return route(method::patch, pattern, std::move(handler), options);
    }
    template <typename F>
    router& delete_(std::string_view pattern, F handler, const route_options& options = {}) {
        return route(method::delete_, pattern, std::move(handler), options);
    }

    /// A route for every method that has none of its own for this pattern.
    template <typename F>
    router& any(std::string_view pattern, F handler, const route_options& options = {}) {
        return route(std::nullopt, pattern, std::move(handler), options);
    }

    /// A route for any method; nothing stands for all of them, as in `any`.
    template <typename F>
    router& route(std::optional<method> verb, std::string_view pattern, F handler,
                  const route_options& options = {}) {
        detail::check_handler<F>();
        if constexpr (rill::handler<F>)
            add(verb, pattern, std::make_unique<detail::endpoint_of<F>>(std::move(handler)), options);
        return *this;
    }

    /// Puts a coroutine around the handlers of all routes, and around the router's own 404, 405 and OPTIONS.
    /// What is added first is the outermost.
    ///
    /// **Example**
    ///
    ///     routes.use([](rill::request& request, rill::next next) -> rill::task<rill::response> {
    ///         auto response = co_await next(request);
    ///         response.set("Server", "rill");
    ///         co_return response;
    ///     });
    template <typename F>
    router& use(F around) {
        constexpr bool is_middleware = middleware<F>;
        static_assert(is_middleware, "a Rill middleware is an object, callable while const, of the form "
                                     "task<response>(request&, next)");
        if constexpr (is_middleware) add(std::make_unique<detail::layer_of<F>>(std::move(around)));
        return *this;
    }

private:
    friend detail::router_access;
    void add(std::optional<method> verb, std::string_view pattern,
             std::unique_ptr<const detail::endpoint> handler, const route_options& options);
    void add(std::unique_ptr<const detail::layer> around);

    std::unique_ptr<detail::routing_table> table_;
};

} // namespace rill
