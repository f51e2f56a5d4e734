// expect: a body is text, and this is a value: pass json.dump()
#include <rill/rill.hpp>

struct json {
    template <typename T>
    operator T() const;
};

rill::task<rill::client_response> ask(rill::http_client& client, const json& question) {
    return client.post("/", question);
}
