#include "api.hpp"

#include "chat_request.hpp"

#include <nlohmann/json.hpp>

namespace llm {
namespace {

rill::task<rill::response> complete(rill::request& request, engine& source) {
    auto body = co_await request.text();
    co_return co_await source.complete(std::move(body));
}

rill::response status(const engine& source, runs& answers, const statistics& counts) {
    const auto [kept, listeners] = answers.counted();
    const nlohmann::ordered_json now{
        {"model", source.model()},
        {"about", source.about()},
        {"generations",
         {{"started", counts.started.load()},
          {"running", counts.running.load()},
          {"finished", counts.finished.load()},
          {"cancelled", counts.cancelled.load()}}},
        {"pieces", counts.pieces.load()},
        {"runs", {{"kept", kept}, {"listeners", listeners}}},
    };
    return rill::response::json(now.dump());
}

} // namespace

void add_api(rill::router& routes, engine& source, runs& answers, const statistics& counts) {
    routes.get("/v1/models", [&source](rill::request&) { return source.models({}); });
    routes.get("/v1/models/{id...}",
               [&source](rill::request& request) { return source.models(request.param("id")); });
    routes.post("/v1/chat/completions",
                [&source](rill::request& request) { return complete(request, source); },
                {.max_body = chat_request::most_bytes});
    routes.get("/status",
               [&source, &answers, &counts](rill::request&) { return status(source, answers, counts); });
}

} // namespace llm
