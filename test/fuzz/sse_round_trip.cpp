// What is encoded must be decoded as it was, or have been refused with the output left alone. The first byte
// of the input says which members the event has, the next two how long the id and the name are; the rest is
// the data.

#include <rill/base/error.hpp>
#include <rill/sse/decode.hpp>
#include <rill/sse/encode.hpp>
#include <rill/sse/frame.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

std::string with_lf(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r')
            result += text[i];
        else if (i + 1 == text.size() || text[i + 1] != '\n')
            result += '\n';
    }
    return result;
}

void check(const rill::event& e) {
    std::string out = "before";
    try {
        encode(out, e);
    } catch (const rill::error&) {
        require(out == "before");
        return;
    }
    auto bytes = std::string_view{out}.substr(6);
    require(rill::frame{e}.bytes() == bytes);

    rill::decoder decoder{{}, "old"};
    const auto id = e.id.data() != nullptr ? e.id : "old";
    const bool is_event = e.data.data() != nullptr || !e.name.empty();
    const bool is_checkpoint = !is_event && (e.id.data() != nullptr || e.retry);
    bool comment = false;
    bool message = false;
    while (!bytes.empty()) {
        const auto what = decoder.next(bytes);
        if (what == rill::decoded::comment) {
            require(!comment && decoder.comment() == e.comment);
            comment = true;
        } else if (what == rill::decoded::message) {
            const auto& m = decoder.current();
            require(!message && m.data == (is_checkpoint ? "{}" : with_lf(e.data)));
            require(m.type == (is_checkpoint ? "checkpoint" : e.name.empty() ? "message" : e.name));
            require(m.last_event_id == id);
            message = true;
        }
    }
    require(comment == (e.comment.data() != nullptr));
    require(message == (is_event || is_checkpoint));
    require(decoder.last_event_id() == id && decoder.retry() == e.retry);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    std::string_view rest{reinterpret_cast<const char*>(data) + 3, size - 3};
    const auto take = [&rest](std::size_t length) {
        const auto text = rest.substr(0, length);
        rest.remove_prefix(text.size());
        return text;
    };
    rill::event e;
    if ((data[0] & 1) != 0) e.id = take(data[1] & 0x0FU);
    if ((data[0] & 2) != 0) e.name = take(data[2] & 0x0FU);
    if ((data[0] & 4) != 0) e.comment = take(data[2] >> 4U);
    if ((data[0] & 8) != 0) e.retry = std::chrono::milliseconds{data[1]};
    if ((data[0] & 16) == 0) e.data = rest;
    check(e);
    return 0;
}
