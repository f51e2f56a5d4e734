#include <rill/base/error.hpp>
#include <rill/sse/error.hpp>

#include <array>

namespace rill {

std::error_code make_error_code(sse_errc e) noexcept {
    static constexpr std::array messages{
        "the id of an event has a line end",          "the id of an event has a NUL",
        "the id of an event has a control character", "the name of an event has a line end",
        "the comment of an event has a line end",     "a text of an event is not UTF-8",
        "the retry time of an event is negative",     "an event has nothing in it",
        "a line of the event stream is too long",     "an event of the event stream is too large",
    };
    static const detail::errc_category category{"rill.sse", messages};
    return {static_cast<int>(e), category};
}

} // namespace rill
