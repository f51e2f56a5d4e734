// Chat with a language model: GET / is a page for it, and POST /v1/chat/completions the API that OpenAI's
// clients speak. Without more, a small model of our own answers; with --upstream a server elsewhere does.
//
//     llm --pace 20ms
//     curl -N localhost:5800/v1/chat/completions --json '{"model": "rill-ngram", "stream": true,
//         "messages": [{"role": "user", "content": "What is a topic?"}]}'
//
// The page asks for runs: answers that go on while it is loaded anew, and are there again when it is back.
//
//     curl localhost:5800/runs --json '{"messages": [{"role": "user", "content": "What is a topic?"}]}'
//     curl -N localhost:5800/runs/1f0e...        # events: token, done, failed
//     curl -X DELETE localhost:5800/runs/1f0e... # stops it
//
// Any server that speaks the same API may be upstream; its key comes from the environment and stays here.
//
//     OPENAI_API_KEY=... llm --upstream https://llm.example/v1 --model large
#include <rill/rill.hpp>

#include "api.hpp"
#include "corpus.hpp"
#include "embedded.hpp"
#include "page.hpp"
#include "refusal.hpp"
#include "runs.hpp"
#include "statistics.hpp"
#include "support/command_line.hpp"
#include "support/page.hpp"
#include "upstream.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

using namespace std::chrono_literals;

namespace {

std::unique_ptr<llm::engine> make_engine(llm::upstream_options upstream, std::chrono::milliseconds pace,
                                         llm::statistics& counts) {
    if (upstream.url.empty()) return std::make_unique<llm::embedded>(corpus(), pace, counts);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is no other thread yet.
    if (const char* key = std::getenv("OPENAI_API_KEY")) upstream.key = key;
    return std::make_unique<llm::upstream>(std::move(upstream), counts);
}

} // namespace

int main(int argc, char** argv) try {
    std::chrono::milliseconds pace = 20ms;
    llm::runs_options options;
    llm::upstream_options upstream;
    demo::command_line command_line{
        "Chat with a language model: GET / is a page, POST /v1/chat/completions the API."};
    command_line.time("--pace", pace, "the embedded model's time from token to token");
    command_line.text("--upstream", upstream.url, "URL",
                      "the API of a server that answers instead: https://host/v1");
    command_line.text("--upstream-ca", upstream.ca_file, "FILE",
                      "CA certificates to trust for it, in place of the system's");
    command_line.text("--model", upstream.model, "NAME", "its model, for requests that name none");
    command_line.choice("--on-abandon", options.on_abandon,
                        {{"cancel", llm::abandon::cancel}, {"finish", llm::abandon::finish}},
                        "what becomes of an answer that no page listens to");
    command_line.time("--grace", options.grace, "how long it may be without one");
    command_line.time("--keep-age", options.keep, "how long a page's answer is kept after its end");
    command_line.count("--keep-runs", options.most, 100'000, "how many of them");
    if (const auto exit_code = command_line.parse(argc, argv)) return *exit_code;

    llm::statistics counts;
    const auto source = make_engine(upstream, pace, counts);
    llm::runs runs{*source, options};
    rill::router routes;
    routes.use(llm::explain);
    routes.use(command_line.guard());
    routes.get("/healthz", rill::health);
    routes.get("/", [](rill::request&) { return demo::page(page); });
    llm::add_api(routes, *source, runs, counts);
    runs.add_routes(routes);
    return rill::serve(routes, command_line.options());
} catch (const std::exception& cause) { // the URL, or the authorities, are none
    demo::complain("llm", cause.what());
    return 2;
}
