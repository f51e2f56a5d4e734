#pragma once

#include <rill/http/parser.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

/// What a connection's bytes are read as: a line of text per message, and the status of the refusal at its
/// end.
struct transcript {
    std::string messages;
    int refused = 0; // 0: nothing was
    bool operator==(const transcript&) const = default;
};

inline doctest::String toString(const transcript& t) {
    return (t.messages + "refused " + std::to_string(t.refused)).c_str();
}

/// Reads one connection.
class connection_reader {
public:
    explicit connection_reader(const rill::limits& limits) : parser_{limits} {}

    /// Takes the next bytes, from memory of their own so that a view kept too long is found.
    void feed(std::string_view bytes) {
        const std::vector<char> copy(bytes.begin(), bytes.end());
        std::string_view input{copy.data(), copy.size()};
        while (!closed_ && !step(input)) {
        }
    }

    [[nodiscard]] const transcript& result() const { return result_; }

private:
    /// True if there is nothing more to do with this input.
    bool step(std::string_view& input) {
        auto& out = result_.messages;
        switch (parser_.parse(input, head_)) {
        case rill::parse_step::need_input: CHECK(input.empty()); return true;
        case rill::parse_step::head:
            out.append(to_string(head_.method)).append(" ").append(head_.target.path());
            out += head_.version == rill::version::http_1_1 ? " 1.1" : " 1.0";
            for (const auto& [name, value] : head_.fields)
                out.append(" ").append(name).append("=").append(value);
            out += " [";
            return false;
        case rill::parse_step::body:
            CHECK_FALSE(parser_.body_piece().empty());
            out += parser_.body_piece();
            return false;
        case rill::parse_step::complete:
            out += parser_.keep_alive() ? "]\n" : "] close\n";
            closed_ = !parser_.keep_alive();
            parser_.reset();
            return false;
        case rill::parse_step::refused:
            result_.refused = static_cast<int>(parser_.refused().status);
            CHECK_FALSE(parser_.refused().reason.empty());
            closed_ = true;
        }
        return true;
    }

    rill::request_parser parser_;
    rill::request_head head_;
    transcript result_;
    bool closed_ = false;
};

/// Reads `bytes` whole; checks that they read the same byte by byte and cut in two at every place.
inline transcript read_connection(std::string_view bytes, const rill::limits& limits = {}) {
    connection_reader whole{limits};
    whole.feed(bytes);
    connection_reader singles{limits};
    for (const char& c : bytes) singles.feed({&c, 1});
    CHECK(singles.result() == whole.result());
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        CAPTURE(cut);
        connection_reader halves{limits};
        halves.feed(bytes.substr(0, cut));
        halves.feed(bytes.substr(cut));
        CHECK(halves.result() == whole.result());
    }
    return whole.result();
}
