#include <rill/base/error.hpp>
#include <rill/topic/errc.hpp>

#include <array>

namespace rill {

std::error_code make_error_code(topic_errc e) noexcept {
    static constexpr std::array messages{
        "the event is larger than the topic may keep",
        "an event of the topic has this id already",
        "the id is empty, too long, the topic's to give, or has controls, commas or spaces at its ends",
        "the key is longer than 256 bytes, or not UTF-8",
        "the topic is closed",
        "the topic has too many subscribers",
        "there are too many topics",
        "the name is empty, longer than 128 bytes, or not UTF-8",
        "the names 'checkpoint', 'gap' and 'refused' are reserved",
        "the retry time is not between 100 ms and 10 minutes",
        "the name of the event is longer than 256 bytes",
    };
    static const detail::errc_category category{"rill.topic", messages};
    return {static_cast<int>(e), category};
}

} // namespace rill
