#include "problem.hpp"

#include <rill/base/error.hpp>
#include <rill/sse/error.hpp>
#include <rill/topic/error.hpp>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace hub {
namespace {

using nlohmann::ordered_json;

/// What a client is answered whose event, key or topic the library refused; nothing if it is not to blame.
std::optional<rill::status> status_for(const std::error_code& code) {
    using rill::topic_errc;
    if (code == topic_errc::event_too_large) return rill::status::content_too_large;
    if (code == topic_errc::id_repeats) return rill::status::conflict;
    if (code == topic_errc::too_many_topics) return rill::status::service_unavailable;
    if (code.category() == make_error_code(topic_errc::closed).category() ||
        code.category() == make_error_code(rill::sse_errc::empty_event).category())
        return rill::status::bad_request;
    return std::nullopt;
}

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
    try {
        auto answer = co_await next(request);
        if (answer.status() < rill::status::bad_request) co_return answer;
        co_return problem(answer.status(), std::get<std::string>(answer.body()), answer.fields());
    } catch (const rill::http_error& refusal) {
        co_return problem(refusal.code(), refusal.what(), refusal.fields());
    } catch (const rill::error& refusal) {
        const auto status = status_for(refusal.code());
        if (!status) throw;
        co_return problem(*status, refusal.what());
    }
}

} // namespace hub
