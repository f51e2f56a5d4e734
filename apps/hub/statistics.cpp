#include "statistics.hpp"

#include <nlohmann/json.hpp>

namespace hub {
namespace {

using nlohmann::ordered_json;

void add(ordered_json& to, const rill::topic_statistics& statistics) {
    to["subscribers"] = statistics.subscribers;
    to["events"] = statistics.events;
    to["bytes"] = statistics.bytes;
    to["published"] = statistics.published;
    to["delivered"] = statistics.delivered;
    to["dropped"] = statistics.dropped;
    to["gaps"] = statistics.gaps;
    to["disconnected"] = statistics.disconnected;
}

} // namespace

rill::response list(const rill::topics& topics) {
    ordered_json body{{"topics", ordered_json::array()}};
    for (const auto& [name, statistics] : topics.list())
        add(body["topics"].emplace_back(ordered_json{{"name", name}}), statistics);
    add(body["total"], topics.statistics());
    return rill::response::json(body.dump()).set("Cache-Control", "no-store");
}

} // namespace hub
