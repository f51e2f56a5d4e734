#pragma once

#include <rill/http/response_parser.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the bytes of a server are read as: a line of text per response, and what is wrong at its end.
struct response_transcript {
    std::string messages;
    std::optional<rill::response_fault> fault;
    std::string reason;
    bool operator==(const response_transcript&) const = default;
};

inline doctest::String toString(const response_transcript& t) {
    return (t.messages + "refused: " + t.reason).c_str();
}

/// Reads one connection, on which requests of one method were sent.
class response_reader {
public:
    response_reader(const rill::limits& limits, rill::method m) : parser_{limits}, method_{m} {
        parser_.expect(m);
    }

    /// Takes the next bytes, from memory of their own so that a view kept too long is found.
    void feed(std::string_view bytes) {
        const std::vector<char> copy(bytes.begin(), bytes.end());
        std::string_view input{copy.data(), copy.size()};
        while (!closed_ && take(parser_.parse(input, head_))) {
        }
        if (!closed_) CHECK(input.empty());
    }

    /// The server has closed the connection.
    void end() {
        if (closed_ || !parser_.started()) return;
        take(parser_.end());
        closed_ = true;
    }

    [[nodiscard]] const response_transcript& result() const { return result_; }

private:
    /// False if there is nothing more to do with this input.
    bool take(rill::parse_step step) {
        auto& out = result_.messages;
        switch (step) {
        case rill::parse_step::need_input: return false;
        case rill::parse_step::head:
            out += std::to_string(static_cast<int>(head_.status));
            out += parser_.version() == rill::version::http_1_1 ? " 1.1" : " 1.0";
            for (const auto& [name, value] : head_.fields)
                out.append(" ").append(name).append("=").append(value);
            out += parser_.chunked() ? " [chunked:" : parser_.until_close() ? " [rest:" : " [";
            return true;
        case rill::parse_step::body:
            CHECK_FALSE(parser_.body_piece().empty());
            out += parser_.body_piece();
            return true;
        case rill::parse_step::complete:
            out += parser_.keep_alive() ? "]\n" : "] close\n";
            closed_ = !parser_.keep_alive();
            parser_.reset();
            parser_.expect(method_);
            return true;
        case rill::parse_step::refused:
            result_.fault = parser_.fault();
            result_.reason = parser_.reason();
            CHECK_FALSE(result_.reason.empty());
            closed_ = true;
        }
        return false;
    }

    rill::response_parser parser_;
    rill::response_head head_;
    rill::method method_;
    response_transcript result_;
    bool closed_ = false;
};

/// Reads `bytes` whole, up to the connection's end; checks that they read the same byte by byte and cut in
/// two at every place.
inline response_transcript read_responses(std::string_view bytes, rill::method m = rill::method::get,
                                          const rill::limits& limits = {}) {
    response_reader whole{limits, m};
    whole.feed(bytes);
    whole.end();
    response_reader singles{limits, m};
    for (const char& c : bytes) singles.feed({&c, 1});
    singles.end();
    CHECK(singles.result() == whole.result());
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        CAPTURE(cut);
        response_reader halves{limits, m};
        halves.feed(bytes.substr(0, cut));
        halves.feed(bytes.substr(cut));
        halves.end();
        CHECK(halves.result() == whole.result());
    }
    return whole.result();
}
