#pragma once

#include <rill/base/config.hpp>

#include <string>
#include <type_traits>
#include <utility>

namespace rill {

/// One event as a client received it; it owns its texts. (WHATWG HTML §9.2.6, "dispatch the event")
///
/// It has constructors, and no braces with member names, on purpose: see `event` about GCC 12.
struct message {
    message() = default;
    message(std::string type_, std::string data_, std::string last_event_id_ = {})
        : type{std::move(type_)}, data{std::move(data_)}, last_event_id{std::move(last_event_id_)} {}

    std::string type{
        "message"};   ///< what the server named it, "message" if nothing; a decoder never leaves it empty
    std::string data; ///< its lines with LF between them, none after the last
    std::string last_event_id; ///< the id that the stream stood at, often given by an earlier event

    friend bool operator==(const message&, const message&) = default;
};

static_assert(!std::is_aggregate_v<message>);

} // namespace rill
