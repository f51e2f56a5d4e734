#pragma once

#include <rill/base/detail/block.hpp>
#include <rill/http/response.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace rill::detail {

/// What an answer is written to: one request's half of a connection that goes to the client. HTTP/1.1
/// implements it; nothing above it knows the version, the transport or TLS.
///
/// The answer is either `respond`, or `start`, any number of `write`s, and `end`. None of them waits: what
/// the client does not take joins the backlog, and whoever answers is told once that is empty again
/// (`answer::on_drained`). None of them throws for a connection that broke: whoever answers is told that too
/// (`answer::on_gone`), later.
class exchange {
public:
    /// The whole answer. To be called once, and instead of all others.
    virtual void respond(const response_head& head, std::string_view body) = 0;

    /// The head of an answer whose body is a stream. It goes out with the first bytes or with the end.
    virtual void start(const response_head& head) = 0;

    /// A part of the stream, which is sent at once and unsplit by framing: whole events. Those in `pieces`
    /// are read by others, too: of what the client does not take now, no copy is made. At most
    /// `feed::batch::most`.
    virtual void write(std::string_view bytes, std::span<const shared_bytes> pieces) = 0;
    void write(std::string_view bytes) { write(bytes, {}); }

    /// The bytes that the client has not taken yet.
    [[nodiscard]] virtual std::size_t backlog() const noexcept = 0;

    /// To be called now and then while a stream is open: ends it, later, if the client is dead and has not
    /// said so. That shows within `limits::write_timeout` of what was sent to it last.
    virtual void check_client() = 0;
    /// Whether the client is near enough to be a proxy.
    [[nodiscard]] virtual bool may_be_proxy() noexcept = 0;

    /// The stream is complete, and the client can see that it is.
    virtual void end() = 0;

    /// The answer cannot be completed: the client sees it cut off.
    virtual void abort() = 0;

    /// The client is too slow: later, the connection ends with a reset, and what the client has yet to take
    /// is dropped. `why` is for the log.
    virtual void cut(std::string_view why) = 0;

protected:
    ~exchange() = default;
};

} // namespace rill::detail
