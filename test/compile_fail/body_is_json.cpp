// expect: a body is text, and this is a value: pass json.dump()
#include <rill/rill.hpp>

// As a nlohmann::json does.
struct json {
    template <typename T>
    operator T() const;
};

rill::response hello(rill::request&) {
    return rill::response::json(json{});
}
