#include "output.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unistd.h>

namespace rillcat {
namespace {

constexpr std::string_view cyan = "\x1b[36m", dim = "\x1b[2m", plain = "\x1b[0m";

std::string as_json(const rill::message& event) {
    nlohmann::ordered_json object;
    object["type"] = event.type;
    object["data"] = event.data;
    object["lastEventId"] = event.last_event_id;
    return object.dump() + "\n";
}

std::string as_text(const rill::message& event, surface on) {
    std::string label;
    const auto add = [&](std::string_view text, std::string_view look) {
        const auto shown = on == surface::file ? std::string{text} : harmless(std::string{text});
        if (on == surface::colours)
            label.append(look).append(shown).append(plain);
        else
            label.append(shown);
        label += ' ';
    };
    if (event.type != "message") add(event.type, cyan);
    if (!event.last_event_id.empty()) add("#" + event.last_event_id, dim);
    std::string out = label;
    for (std::string_view rest{event.data};;) {
        const auto end = rest.find('\n');
        const auto line = rest.substr(0, end);
        out += on == surface::file ? std::string{line} : harmless(std::string{line});
        out += '\n';
        if (end == rest.npos) return out;
        out += "  ";
        rest.remove_prefix(end + 1);
    }
}

} // namespace

std::string harmless(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F)
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
        else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) // U+0080 to U+009F in UTF-8
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text[++at]));
        else
            out += text[at];
    }
    return out;
}

std::string printed(const rill::message& event, format how, surface on) {
    switch (how) {
    case format::json: return as_json(event);
    case format::data: return event.data + "\n";
    case format::text: break;
    }
    return as_text(event, on);
}

surface standard_output() {
    const auto set = [](const char* name) { // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread
        const auto* const value = std::getenv(name);
        return std::string_view{value != nullptr ? value : ""};
    };
    if (isatty(STDOUT_FILENO) != 1) return surface::file;
    return set("NO_COLOR").empty() && set("TERM") != "dumb" ? surface::colours : surface::terminal;
}

} // namespace rillcat
