// The bytes of a server, cut at a place that the input chooses: they must read the same as in one piece, and
// what is taken must be what every reader takes for the same.

#include <rill/http/response_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

/// What the head of a response must be once it was let through.
void check(const rill::response_head& head, const rill::response_parser& parser, rill::method m) {
    const auto code = static_cast<int>(head.status);
    require(code >= 200 && code <= 599);
    for (const auto& [name, value] : head.fields) {
        require(!name.empty());
        require(name.find_first_of(std::string_view{" \t\r\n:\0", 6}) == name.npos);
        require(value.find_first_of(std::string_view{"\r\n\0", 3}) == value.npos);
        require(value.empty() || (value.front() != ' ' && value.back() != ' '));
    }
    const bool tunnel = m == rill::method::connect && code < 300; // what it says of a body is ignored
    const auto lengths = head.fields.all("content-length").size();
    const auto codings = head.fields.all("transfer-encoding").size();
    require(tunnel || (lengths <= 1 && (lengths == 0 || codings == 0)));
    require(parser.content_length().has_value() + parser.chunked() + parser.until_close() == 1);
    require(!parser.until_close() || !parser.keep_alive());
    if (m == rill::method::head || code == 204 || code == 304 || tunnel) {
        require(parser.content_length() == 0U);
    } else {
        require(parser.content_length().has_value() == (lengths == 1));
        require(parser.chunked() == (codings != 0));
        require(!parser.chunked() || parser.version() == rill::version::http_1_1);
    }
}

class reader {
public:
    reader(const rill::limits& limits, rill::method m) : parser_{limits}, method_{m} { parser_.expect(m); }

    void feed(std::string_view bytes) {
        const std::vector<char> copy(bytes.begin(), bytes.end()); // so that the sanitizer sees its ends
        std::string_view input{copy.data(), copy.size()};
        while (!closed_) {
            const auto before = input;
            const auto step = parser_.parse(input, head_);
            require(input.size() <= before.size() && before.ends_with(input));
            if (!take(step)) break;
        }
        require(closed_ || input.empty());
    }

    void end() {
        if (closed_) return;
        take(parser_.end());
        require(closed_);
    }

    [[nodiscard]] const std::string& log() const { return log_; }

private:
    /// False if the input is used up.
    bool take(rill::parse_step step) {
        switch (step) {
        case rill::parse_step::need_input: return false;
        case rill::parse_step::head:
            check(head_, parser_, method_);
            log_ += std::to_string(static_cast<int>(head_.status));
            for (const auto& [name, value] : head_.fields) log_.append(name).append(":").append(value);
            break;
        case rill::parse_step::body:
            require(!parser_.body_piece().empty());
            log_ += parser_.body_piece();
            break;
        case rill::parse_step::complete:
            log_ += "\nend\n";
            closed_ = !parser_.keep_alive();
            parser_.reset();
            parser_.expect(method_);
            break;
        case rill::parse_step::refused:
            log_ += std::to_string(static_cast<int>(parser_.fault()));
            log_ += parser_.reason();
            closed_ = true;
        }
        return true;
    }

    rill::response_parser parser_;
    rill::response_head head_;
    rill::method method_;
    std::string log_;
    bool closed_ = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 2, size - 2};
    const auto cut = (data[0] + std::size_t{256} * (data[1] & 0x0F)) % (bytes.size() + 1);
    const auto method = (data[1] & 0x40) != 0   ? rill::method::head
                        : (data[1] & 0x20) != 0 ? rill::method::connect
                                                : rill::method::get;
    const rill::limits limits{.max_head = (data[1] & 0x80) != 0 ? 256U : 4096U, .max_fields = 8};
    reader whole{limits, method}, halves{limits, method}, singles{limits, method};
    whole.feed(bytes);
    whole.end();
    halves.feed(bytes.substr(0, cut));
    halves.feed(bytes.substr(cut));
    halves.end();
    for (const char& c : bytes) singles.feed({&c, 1});
    singles.end();
    require(whole.log() == halves.log());
    require(whole.log() == singles.log());
    return 0;
}
