#pragma once

#include <rill/app/http_error.hpp>
#include <rill/base/error.hpp>
#include <rill/base/export.hpp>
#include <rill/topic/errc.hpp>

namespace rill {

/// What the functions of topics throw. Its code is a `topic_errc`, or a `sse_errc` where an event cannot be
/// encoded. A handler need not catch it: one that lets it pass answers with this status and its words.
///
/// | code | status |
/// |---|---|
/// | `event_too_large` | 413 |
/// | `id_repeats`, `closed` | 409 |
/// | `too_many_subscribers`, `too_many_topics` | 503, with `Retry-After` |
/// | any other, any `sse_errc` | 400 |
class RILL_EXPORT topic_error : public error {
public:
    explicit topic_error(topic_errc why) : error{make_error_code(why)} {}
    explicit topic_error(const error& why) : error{why} {}

    /// What a client is answered.
    [[nodiscard]] http_error to_http_error() const;
};

} // namespace rill
