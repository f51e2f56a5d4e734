#pragma once

#include <rill/base/export.hpp>
#include <rill/http/limits.hpp>
#include <rill/http/refusal.hpp>
#include <rill/http/version.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rill {

/// Looks at the raw bytes of a head before a parser gets them, and lets pass only what every reader takes for
/// the same message: RFC 9112 §2 to §5 to the letter, without the leniency that it permits.
///
///     target SP HTTP/1.x CRLF                      *( name ":" value CRLF )   CRLF
///     |<------ request ------>|                    |<------- trailer ------------>|
///     HTTP/1.x SP 3DIGIT [ SP reason ] CRLF
///     |<------------- response ------------>|
///
/// So a bare CR or LF, a folded line, white space around a name, a control character, and a line that is too
/// many never reach llhttp, whatever its version would make of them. The bytes may come in any pieces; the
/// verdict does not depend on them.
class RILL_EXPORT head_guard {
public:
    enum class part : std::uint8_t {
        request,  ///< the bytes begin with the request's target
        response, ///< the bytes begin with the version; the status is 100 to 599
        trailer,  ///< the bytes begin with the first field
    };

    /// `bounds` must outlive the guard; `taken` bytes of the head were seen before, the method's.
    head_guard(const limits& bounds, part from, std::size_t taken = 0) noexcept;

    /// Looks at the next bytes, and says how many of them are good: all, but where the head ends or the
    /// guard refuses.
    std::size_t accept(std::string_view bytes) noexcept;

    /// Whether the last byte that was accepted ended the head.
    [[nodiscard]] bool done() const noexcept { return state_ == state::done; }

    /// Why the byte after the accepted ones is not taken; null while all is well.
    [[nodiscard]] const refusal* refused() const noexcept {
        return state_ == state::refused ? &why_ : nullptr;
    }

    /// Of a request or a response, once its first line was accepted.
    [[nodiscard]] rill::version version() const noexcept {
        return minor_ == 0 ? rill::version::http_1_0 : rill::version::http_1_1;
    }

    /// Of a response, once its first line was accepted.
    [[nodiscard]] rill::status status() const noexcept { return static_cast<rill::status>(code_); }

    /// Whether a TAB was accepted, which may stand in the values of fields and in a reason.
    [[nodiscard]] bool tabs() const noexcept { return tabs_; }

    /// The number of fields so far.
    [[nodiscard]] std::size_t fields() const noexcept { return fields_; }

private:
    enum class state : std::uint8_t {
        target,
        version,
        version_end,
        code,
        code_end,
        reason,
        first_line_feed,
        line_begin, // from here on it is fields
        name,
        value,
        line_feed,
        last_line_feed,
        done,
        refused
    };

    const char* take_first_line(const char* p, const char* end) noexcept;
    const char* take_fields(const char* p, const char* end) noexcept;
    const char* take_target(const char* p, const char* end) noexcept;
    const char* take_version(const char* p, const char* end) noexcept;
    const char* take_code(const char* p) noexcept;
    const char* begin_field(const char* p) noexcept;
    const char* refuse(const char* p, rill::status s, std::string_view reason) noexcept;
    const char* expect(const char* p, char c, state next, std::string_view reason) noexcept;

    const limits* limits_;
    std::size_t taken_;
    std::size_t target_size_ = 0;
    std::size_t fields_ = 0;
    refusal why_;
    state state_;
    bool response_;
    bool tabs_ = false;
    std::uint8_t matched_ = 0; // bytes of the version
    std::uint16_t code_ = 0;
    char major_ = 0, minor_ = 0;
};

} // namespace rill
