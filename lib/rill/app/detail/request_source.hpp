#pragma once

#include <rill/app/request.hpp>
#include <rill/http/detail/forwarded.hpp>

namespace rill::detail {

/// The connection as a request sees it.
class request_source {
public:
    /// Gives the body once it is complete; throws what `request::bytes` does.
    [[nodiscard]] virtual task<std::string> read_body() = 0;
    [[nodiscard]] virtual std::string remote_address() const = 0;
    [[nodiscard]] virtual bool secure() const noexcept = 0;
    /// Which proxies are believed; null if none are. It outlives the request.
    [[nodiscard]] virtual const proxy_trust* trust() const noexcept { return nullptr; }
    [[nodiscard]] virtual connection_ends ends() const { return {}; }
    [[nodiscard]] virtual bool stopping() const noexcept { return false; }

protected:
    ~request_source() = default;
};

/// The library's own way into a request.
struct request_access {
    static request make(request_source& source, const limits& bounds) noexcept { return {source, bounds}; }
    static request_head& head(request& r) noexcept { return r.head_; }
    static std::vector<std::string>& params(request& r) noexcept { return r.params_; }
    static std::uint64_t& allowed(request& r) noexcept { return r.allowed_; }
    static const route*& matched(request& r) noexcept { return r.route_; }
    static const route* matched(const request& r) noexcept { return r.route_; }
};

} // namespace rill::detail
