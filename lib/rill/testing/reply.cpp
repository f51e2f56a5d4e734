#include <rill/base/text.hpp>
#include <rill/sse/decode.hpp>
#include <rill/sse/detail/own_events.hpp>
#include <rill/testing/server.hpp>

#include <fmt/format.h>
#include <llhttp.h>

#include <optional>
#include <stdexcept>

namespace rill::testing {

/// llhttp reads the answer, so that the server is not checked by its own code.
class reply::parser {
public:
    parser(rill::testing::connection&& from, bool to_head) : connection_{std::move(from)}, to_head_{to_head} {
        llhttp_settings_init(&settings_);
        settings_.on_header_field = [](llhttp_t* p, const char* at, std::size_t size) {
            self(p).name_.append(at, size);
            return 0;
        };
        settings_.on_header_value = [](llhttp_t* p, const char* at, std::size_t size) {
            self(p).value_.append(at, size);
            return 0;
        };
        settings_.on_header_value_complete = [](llhttp_t* p) {
            self(p).add_field();
            return 0;
        };
        settings_.on_headers_complete = [](llhttp_t* p) {
            if (p->status_code < 200) return 0;
            self(p).status_ = static_cast<rill::status>(p->status_code);
            return self(p).to_head_ ? 1 : 0; // 1: there is no body
        };
        settings_.on_body = [](llhttp_t* p, const char* at, std::size_t size) {
            self(p).body_.append(at, size);
            self(p).decode({at, size});
            return 0;
        };
        settings_.on_message_complete = [](llhttp_t* p) {
            if (p->status_code >= 200) self(p).complete_ = true;
            return 0;
        };
        llhttp_init(&llhttp_, HTTP_RESPONSE, &settings_);
        llhttp_.data = this;
    }
    parser(const parser&) = delete;
    parser& operator=(const parser&) = delete;

    /// Takes what has come.
    parser& update() {
        const auto bytes = connection_.receive();
        if (complete_) return *this;
        if (llhttp_execute(&llhttp_, bytes.data(), bytes.size()) != HPE_OK)
            throw std::runtime_error{
                fmt::format("the server sent what is no HTTP: {}", llhttp_get_error_reason(&llhttp_))};
        if (connection_.ended() && !connection_.was_reset()) llhttp_finish(&llhttp_); // may complete a body
        return *this;
    }

    [[nodiscard]] parser& with_head() {
        if (!update().status_) throw std::logic_error{"the head of the answer has not come yet"};
        return *this;
    }

    rill::testing::connection connection_;
    std::optional<rill::status> status_;
    rill::fields fields_;
    std::string body_;
    std::vector<message> events_;
    std::vector<std::string> comments_;
    decoder decoder_;
    bool complete_ = false;

private:
    static parser& self(llhttp_t* p) { return *static_cast<parser*>(p->data); }

    void decode(std::string_view bytes) {
        while (!bytes.empty()) switch (decoder_.next(bytes)) {
            case decoded::message:
                if (!rill::detail::is_checkpoint(decoder_.current())) events_.push_back(decoder_.current());
                break;
            case decoded::comment: comments_.emplace_back(decoder_.comment()); break;
            case decoded::nothing: break;
            }
    }

    void add_field() {
        fields_.add_unchecked(name_, trim(value_));
        name_.clear();
        value_.clear();
    }

    std::string name_, value_; // of a field, as far as they have come
    llhttp_t llhttp_{};
    llhttp_settings_t settings_{};
    bool to_head_;
};

reply::reply(rill::testing::connection&& from, bool to_head)
    : parser_{std::make_unique<parser>(std::move(from), to_head)} {}
reply::reply(reply&&) noexcept = default;
reply& reply::operator=(reply&&) noexcept = default;
reply::~reply() = default;

bool reply::has_head() {
    return parser_->update().status_.has_value();
}
rill::status reply::status() {
    return *parser_->with_head().status_;
}
const rill::fields& reply::fields() {
    return parser_->with_head().fields_;
}
const std::string& reply::body() {
    return parser_->update().body_;
}
const std::vector<message>& reply::events() {
    return parser_->update().events_;
}
const std::string& reply::last_event_id() {
    return parser_->update().decoder_.last_event_id();
}
const std::vector<std::string>& reply::comments() {
    return parser_->update().comments_;
}
bool reply::complete() {
    return parser_->update().complete_;
}
bool reply::cut() {
    return !parser_->update().complete_ && parser_->connection_.ended();
}
void reply::close() {
    parser_->connection_.close();
}
rill::testing::connection& reply::connection() noexcept {
    return parser_->connection_;
}

} // namespace rill::testing
