#pragma once

#include <rill/http/head_guard.hpp>

#include <llhttp.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <string>
#include <string_view>

namespace rill::detail {

/// Has llhttp read a head into a `Head`: its fields, and its target if it has one. llhttp only reads heads:
/// it stops where one ends, and begins anew with the next. It reads the copy that the fields have taken, in
/// which it sees a space for each TAB: the two are the same around values (RFC 9110 §5.6.3), but llhttp 8.1
/// takes no TAB behind a Content-Length.
template <typename Head>
class llhttp_head {
public:
    void begin(llhttp_type_t kind) noexcept { llhttp_init(&llhttp_, kind, &settings()); }

    /// Has it take both Transfer-Encoding and Content-Length in this head, where neither means anything.
    void take_any_framing() noexcept { llhttp_set_lenient_chunked_length(&llhttp_, 1); }

    /// Begins behind the method of a request, and the space that follows it. Which methods llhttp knows
    /// depends on its version, while how a request is read does not depend on its method: it always sees the
    /// same one, and once is enough. False if it does not take that.
    [[nodiscard]] bool begin_behind_method() noexcept {
        static const llhttp_t begun = [] {
            constexpr std::string_view method{"POST "};
            llhttp_t p;
            llhttp_init(&p, HTTP_REQUEST, &settings());
            llhttp_execute(&p, method.data(), method.size());
            return p;
        }();
        llhttp_ = begun;
        return llhttp_get_errno(&llhttp_) == HPE_OK;
    }

    /// Whether llhttp takes these bytes, which the guard has accepted, and finds the end of the head where
    /// the guard does. Throws `std::bad_alloc`.
    [[nodiscard]] bool feed(std::string_view bytes, Head& head, const head_guard& guard) {
        if (bytes.empty()) return true;
        if (guard.tabs()) [[unlikely]] { // llhttp takes only blanks around a Content-Length
            const bool good = execute(head.fields.take(without_tabs(bytes)), head, guard);
            head.fields.retake(bytes);
            return good;
        }
        return execute(head.fields.take(bytes), head, guard);
    }

    /// Of a response, at the end of its head.
    [[nodiscard]] int status() const noexcept { return llhttp_.status_code; }

private:
    /// What llhttp's callbacks need.
    struct call {
        Head& head;
        bool out_of_memory = false;
    };

    [[nodiscard]] bool execute(std::string_view taken, Head& head, const head_guard& guard) {
        call now{head};
        llhttp_.data = &now;
        const auto result = llhttp_execute(&llhttp_, taken.data(), taken.size());
        if (now.out_of_memory) throw std::bad_alloc{};
        if (result == HPE_OK) return !guard.done();
        return result == HPE_PAUSED && guard.done() && guard.fields() == head.fields.size() &&
               llhttp_get_error_pos(&llhttp_) == taken.data() + taken.size();
    }

    static std::string without_tabs(std::string_view bytes) {
        std::string text{bytes};
        std::ranges::replace(text, '\t', ' ');
        return text;
    }

    /// llhttp is C, and must not be unwound: it is told to stop instead.
    template <typename Action>
    static int change(llhttp_t* parser, Action action) noexcept {
        auto& now = *static_cast<call*>(parser->data);
        try {
            action(now.head);
            return 0;
        } catch (...) {
            now.out_of_memory = true;
            return -1;
        }
    }

    static const llhttp_settings_t& settings() noexcept {
        static const llhttp_settings_t settings = [] {
            llhttp_settings_t s;
            llhttp_settings_init(&s);
            if constexpr (requires(Head head) { head.target; })
                s.on_url = [](llhttp_t* p, const char* at, std::size_t size) noexcept {
                    return change(p, [&](Head& head) { head.target.append({at, size}); });
                };
            s.on_header_field = [](llhttp_t* p, const char* at, std::size_t size) noexcept {
                return change(p, [&](Head& head) { head.fields.extend_name({at, size}); });
            };
            s.on_header_value = [](llhttp_t* p, const char* at, std::size_t size) noexcept {
                return change(p, [&](Head& head) { head.fields.extend_value({at, size}); });
            };
            s.on_header_value_complete = [](llhttp_t* p) noexcept {
                return change(p, [](Head& head) { head.fields.finish(); });
            };
            s.on_headers_complete = [](llhttp_t*) noexcept { return static_cast<int>(HPE_PAUSED); };
            return s;
        }();
        return settings;
    }

    llhttp_t llhttp_;
};

} // namespace rill::detail
