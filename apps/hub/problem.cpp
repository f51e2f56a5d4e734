#include "problem.hpp"

#include <rill/topic/error.hpp>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

namespace hub {
namespace {

using nlohmann::ordered_json;

/// `fields` are those that the answer had, or was to have, whatever its body.
rill::response problem(rill::status status, std::string_view detail, const rill::fields& fields = {}) {
    // A problem of no type of its own has its status' phrase for a title (RFC 9457 §4.2.1).
    const ordered_json body{{"type", "about:blank"},
                            {"title", rill::reason(status)},
                            {"status", static_cast<unsigned>(status)},
                            {"detail", detail}};
    auto answer =
        rill::response::json(body.dump(-1, ' ', false, ordered_json::error_handler_t::replace), status);
    for (const auto& [name, value] : fields) answer.fields().add(name, value);
    answer.set("Content-Type", "application/problem+json");
    return answer;
}

} // namespace

rill::task<rill::response> explain(rill::request& request, rill::next next) {
    if (request.wants_events()) co_return co_await next(request); // its client reads no problem
    try {
        auto answer = co_await next(request);
        if (answer.status() < rill::status::bad_request) co_return answer;
        co_return problem(answer.status(), std::get<std::string>(answer.body()), answer.fields());
    } catch (const rill::http_error& refusal) {
        co_return problem(refusal.code(), refusal.what(), refusal.fields());
    } catch (const rill::topic_error& refusal) {
        const auto told = refusal.to_http_error();
        co_return problem(told.code(), told.what(), told.fields());
    }
}

} // namespace hub
