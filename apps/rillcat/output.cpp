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

/// The byte behind `at`, if both are a control of U+0080 to U+009F in UTF-8, else 0.
unsigned char control_at(std::string_view text, std::size_t at) {
    const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
    return text[at] == '\xC2' && next >= 0x80 && next < 0xA0 ? static_cast<unsigned char>(next) : 0;
}

/// JSON may have these controls as they are; terminals obey them.
std::string without_controls(const std::string& json) {
    std::string out;
    for (std::size_t at = 0; at < json.size(); ++at) {
        if (const auto control = control_at(json, at); control != 0) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", control);
            ++at;
        } else if (json[at] == '\x7F') {
            out += "\\u007f";
        } else {
            out += json[at];
        }
    }
    return out;
}

/// Line by line as a terminal may have it; each but the first behind `indent`.
std::string lines_of(const std::string& data, surface on, std::string_view indent) {
    std::string out;
    for (std::string_view rest{data};;) {
        const auto end = rest.find('\n');
        const std::string line{rest.substr(0, end)};
        out += on == surface::file ? line : harmless(line);
        out += '\n';
        if (end == rest.npos) return out;
        out += indent;
        rest.remove_prefix(end + 1);
    }
}

std::string as_json(const rill::message& event) {
    nlohmann::ordered_json object;
    object["type"] = event.type;
    object["data"] = event.data;
    object["lastEventId"] = event.last_event_id;
    return without_controls(object.dump()) + "\n";
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
    return label + lines_of(event.data, on, "  ");
}

} // namespace

std::string harmless(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F) {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
        } else if (const auto control = control_at(text, at); control != 0) {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", control);
            ++at;
        } else {
            out += text[at];
        }
    }
    return out;
}

std::string printed(const rill::message& event, format how, surface on) {
    switch (how) {
    case format::json: return as_json(event);
    case format::data: return lines_of(event.data, on, "");
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
