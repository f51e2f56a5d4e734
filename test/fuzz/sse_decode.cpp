// Any bytes are an event stream: reading them must end in messages or in `rill::error`, and in the same ones
// however the bytes are cut. The first two bytes of the input say where; the limits are low so that they are
// reached.

#include <rill/base/error.hpp>
#include <rill/sse/decode.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

/// Reads `bytes` and writes all that comes of it into `log`. False when the decoder gave up.
bool read_on(rill::decoder& decoder, std::string_view bytes, std::string& log) {
    const auto add = [&log](char kind, std::string_view text) {
        log += kind + std::to_string(text.size()) + ':';
        log += text;
    };
    try {
        while (!bytes.empty()) {
            switch (decoder.next(bytes)) {
            case rill::decoded::nothing: break;
            case rill::decoded::comment: add('c', decoder.comment()); break;
            case rill::decoded::message:
                if (decoder.current().type.empty()) std::abort();
                add('t', decoder.current().type);
                add('d', decoder.current().data);
                add('i', decoder.current().last_event_id);
                break;
            }
        }
    } catch (const rill::error& e) {
        add('e', e.code().message());
        return false;
    }
    return true;
}

std::string read(std::string_view first, std::string_view second) {
    rill::decoder decoder{{.line = 64, .event = 100}};
    std::string log;
    if (!read_on(decoder, first, log) || !read_on(decoder, second, log)) return log;
    log += "last " + decoder.last_event_id();
    if (decoder.retry()) log += " retry " + std::to_string(decoder.retry()->count());
    return log;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view stream{reinterpret_cast<const char*>(data) + 2, size - 2};
    const auto cut = std::min(stream.size(), std::size_t{data[0]} | std::size_t{data[1]} << 8);
    if (read(stream, {}) != read(stream.substr(0, cut), stream.substr(cut))) std::abort();
    return 0;
}
