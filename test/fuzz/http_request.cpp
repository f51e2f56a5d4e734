// The bytes of a connection, cut at a place that the input chooses: they must read the same as in one piece,
// and what is taken must be what every reader takes for the same.

#include <rill/http/parser.hpp>

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

/// What the head of a message must be once it was let through.
void check(const rill::request_head& head, const rill::request_parser& parser) {
    for (const auto& [name, value] : head.fields) {
        require(!name.empty());
        require(name.find_first_of(std::string_view{" \t\r\n:\0", 6}) == name.npos);
        require(value.find_first_of(std::string_view{"\r\n\0", 3}) == value.npos);
        require(value.empty() || (value.front() != ' ' && value.back() != ' '));
    }
    const auto lengths = head.fields.all("content-length").size();
    const auto codings = head.fields.all("transfer-encoding").size();
    const auto hosts = head.fields.all("host").size();
    require(lengths + codings <= 1);
    require(parser.content_length().has_value() == (lengths == 1));
    require(parser.chunked() == (codings == 1));
    require(hosts == 1 || (hosts == 0 && head.version == rill::version::http_1_0));
    const auto path = head.target.path();
    require(path.starts_with('/') || path == "*");
    require(path.find("/../") == path.npos && path.find("/./") == path.npos);
    require(rill::target::parse(head.target.raw(), head.method).has_value());
}

class reader {
public:
    explicit reader(const rill::limits& limits) : parser_{limits} {}

    void feed(std::string_view bytes) {
        const std::vector<char> copy(bytes.begin(), bytes.end()); // so that the sanitizer sees its ends
        std::string_view input{copy.data(), copy.size()};
        while (!closed_ && step(input)) {
        }
    }

    [[nodiscard]] const std::string& log() const { return log_; }

private:
    bool step(std::string_view& input) {
        const auto before = input;
        const auto step = parser_.parse(input, head_);
        require(input.size() <= before.size() && before.ends_with(input));
        switch (step) {
        case rill::parse_step::need_input: require(input.empty()); return false;
        case rill::parse_step::head:
            check(head_, parser_);
            log_.append(to_string(head_.method)).append(head_.target.raw());
            for (const auto& [name, value] : head_.fields) log_.append(name).append(":").append(value);
            parser_.body_limit(64);
            break;
        case rill::parse_step::body:
            require(!parser_.body_piece().empty());
            log_ += parser_.body_piece();
            break;
        case rill::parse_step::complete:
            log_ += "\nend\n";
            closed_ = !parser_.keep_alive();
            parser_.reset();
            break;
        case rill::parse_step::refused:
            log_ += std::to_string(static_cast<int>(parser_.refused().status));
            closed_ = true;
        }
        return true;
    }

    rill::request_parser parser_;
    rill::request_head head_;
    std::string log_;
    bool closed_ = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 2, size - 2};
    const auto cut = (data[0] + std::size_t{256} * (data[1] & 0x0F)) % (bytes.size() + 1);
    const rill::limits limits{
        .max_head = (data[1] & 0x80) != 0 ? 256U : 4096U, .max_fields = 8, .max_target = 64};
    reader whole{limits}, halves{limits}, singles{limits};
    whole.feed(bytes);
    halves.feed(bytes.substr(0, cut));
    halves.feed(bytes.substr(cut));
    for (const char& c : bytes) singles.feed({&c, 1});
    require(whole.log() == halves.log());
    require(whole.log() == singles.log());
    return 0;
}
