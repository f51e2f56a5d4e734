#include "refusal.hpp"

#include <rill/app/http_error.hpp>
#include <rill/base/log.hpp>
#include <rill/base/text.hpp>
#include <rill/topic/error.hpp>

#include "failure.hpp"
#include "json.hpp"

#include <asio/error.hpp>
#include <fmt/format.h>

#include <system_error>
#include <utility>
#include <variant>

namespace llm {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// The most of an error that is read: it is shown to people, and kept with the answer that failed.
constexpr std::size_t most_bytes = std::size_t{64} * 1024;

/// What upstream said; null if it cannot be read.
json read(std::string_view body) {
    try {
        return body.size() <= most_bytes ? read_json(body) : json{};
    } catch (const nested_too_deeply&) {
        return {};
    }
}

ordered_json text_or_null(std::string_view text) {
    return text.empty() ? ordered_json{} : ordered_json(text);
}

ordered_json shape(rill::status status, std::string_view message, std::string_view param,
                   std::string_view code) {
    const auto* type =
        status < rill::status::internal_server_error ? "invalid_request_error" : "server_error";
    return {
        {"message", message}, {"type", type}, {"param", text_or_null(param)}, {"code", text_or_null(code)}};
}

std::string text_of(const ordered_json& made) {
    return made.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

rill::response in_shape(rill::status status, std::string_view message, const rill::fields& fields) {
    auto answer = refusal{status, message}.answer();
    for (const auto& [name, value] : fields)
        if (!rill::equals_ignoring_case(name, "Content-Type")) answer.fields().add(name, value);
    return answer;
}

rill::response unexpected(const rill::request& request, std::string_view why) {
    rill::standard_error_log().write(
        rill::log_level::error,
        fmt::format("{} {}: the handler failed: {}", to_string(request.method()), request.path(), why));
    return refusal{rill::status::internal_server_error, "the server failed, and its log says why"}.answer();
}

} // namespace

refusal::refusal(rill::status status, std::string_view message, std::string_view param, std::string_view code)
    : status_{status}, message_{message}, body_{text_of({{"error", shape(status, message, param, code)}})} {}

refusal refusal::from_upstream(rill::status status, std::string body) {
    const auto said = read(body);
    const bool in_shape = said.is_object() && said.contains("error") && !said["error"].is_null();
    const auto why = failure_in(said);
    if (!why && !in_shape)
        return {status, fmt::format("the server upstream answered {}, and not with an error in JSON",
                                    static_cast<unsigned>(status))};
    refusal made{status, why.value_or("the server upstream refused")};
    if (in_shape) made.body_ = std::move(body);
    return made;
}

ordered_json refusal::error() const {
    const auto said = json::parse(body_).at("error");
    return said.is_object() ? ordered_json(said) : shape(status_, message_, {}, {});
}

rill::response refusal::answer() const {
    return rill::response::json(body_, status_);
}

rill::task<rill::response> explain(rill::request& request, rill::next next) {
    try {
        auto answer = co_await next(request);
        const auto type = answer.fields().find("Content-Type").value_or("");
        if (answer.status() < rill::status::bad_request || type.starts_with("application/json"))
            co_return answer;
        co_return in_shape(answer.status(), std::get<std::string>(answer.body()), answer.fields());
    } catch (const refusal& why) {
        co_return why.answer();
    } catch (const rill::http_error& why) {
        co_return in_shape(why.code(), why.what(), why.fields());
    } catch (const rill::topic_error& failure) {
        const auto why = failure.to_http_error();
        co_return in_shape(why.code(), why.what(), why.fields());
    } catch (const std::system_error& why) {
        if (why.code() == asio::error::operation_aborted) throw; // the client has left
        co_return unexpected(request, why.what());
    } catch (const std::exception& why) {
        co_return unexpected(request, why.what());
    }
}

} // namespace llm
