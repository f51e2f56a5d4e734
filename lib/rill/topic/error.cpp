#include <rill/base/error.hpp>
#include <rill/topic/error.hpp>

#include <array>

namespace rill {

std::error_code make_error_code(topic_errc e) noexcept {
    static constexpr std::array messages{
        "the event is larger than the topic may keep",
        "an event of the topic has this id already",
        "the id is not one that the topic takes",
        "the key is not one that the topic takes",
        "the topic is closed",
        "the topic has too many subscribers",
        "there are too many topics",
        "the name is not one that a topic can have",
    };
    static const detail::errc_category category{"rill.topic", messages};
    return {static_cast<int>(e), category};
}

} // namespace rill
