#include "command.hpp"

#include <rill/base/text.hpp>
#include <rill/http/fields.hpp>
#include <rill/http/method.hpp>

#include "support/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string_view>

namespace rillcat {
namespace {

constexpr const char* footer = R"(
Exit codes: 0 it ended as asked (--once, --max-events), or the answer to a POST did; 1 the stream could not be
had, or was lost where it is not asked for again (--once, POST); 2 something is wrong with the options; 3 the
time of --timeout was over; 130 Ctrl-C.

Examples:
  rillcat http://localhost:5800/ticks
  rillcat --json localhost:5800/chat | jq .data
  rillcat --once -H 'Authorization: Bearer KEY' -d @question.json https://llm.example/v1/chat/completions)";

/// What a request says of itself and of its connection (RFC 9112 §3.2, §6, §9.6).
bool is_reserved(const std::string& name) {
    for (const std::string_view each :
         {"Host", "Connection", "Content-Length", "Transfer-Encoding", "Keep-Alive"})
        if (rill::equals_ignoring_case(name, each)) return true;
    return false;
}

/// `NAME: VALUE`.
std::pair<std::string, std::string> read_field(const std::string& line) {
    const auto colon = line.find(':');
    if (colon == line.npos) throw CLI::ValidationError{"-H", fmt::format("'{}' is not NAME: VALUE", line)};
    std::pair field{line.substr(0, colon), std::string{rill::trim(std::string_view{line}.substr(colon + 1))}};
    try {
        rill::fields{}.add(field.first, field.second);
    } catch (const std::system_error& refused) {
        throw CLI::ValidationError{"-H", fmt::format("'{}': {}", line, refused.code().message())};
    }
    if (is_reserved(field.first))
        throw CLI::ValidationError{
            "-H",
            fmt::format("'{}': {} comes from the URL and the body, and cannot be set", line, field.first)};
    return field;
}

/// The text itself, or what is in the file behind an `@`.
std::string read_body(const std::string& text) {
    if (!text.starts_with('@')) return text;
    const auto name = text.substr(1);
    std::ifstream file;
    if (name != "-") file.open(name, std::ios::binary);
    std::istream& from = name == "-" ? std::cin : file;
    std::string body{std::istreambuf_iterator<char>{from}, {}};
    if (!from) throw CLI::ValidationError{"-d", fmt::format("cannot read '{}'", name)};
    return body;
}

void add_options(CLI::App& app, command& c) {
    using text = const std::string&;
    app.add_option_function<std::string>(
           "URL",
           [&](text url) {
               if (url.empty()) throw CLI::ValidationError{"URL", "it is empty"};
               c.url = url;
           },
           "the stream; http:// where no scheme is given")
        ->required()
        ->type_name("");
    app.add_option_function<std::string>(
           "-X",
           [&](text name) {
               if (!rill::parse_method(name))
                   throw CLI::ValidationError{"-X", fmt::format("'{}' is no method", name)};
               c.method = name;
           },
           "the method of the request (GET, and POST with -d)")
        ->type_name("METHOD");
    app.add_option_function<std::vector<std::string>>(
           "-H",
           [&](const auto& lines) {
               std::ranges::transform(lines, std::back_inserter(c.fields), read_field);
           },
           "a header field of the request: 'NAME: VALUE'")
        ->type_name("LINE")
        ->allow_extra_args(false);
    app.add_option_function<std::string>(
           "-d", [&](text body) { c.body = read_body(body); },
           "the body of the request, as application/json unless -H says otherwise; "
           "@FILE reads it, @- from standard input")
        ->type_name("BODY");
    app.add_option("--last-event-id", c.last_event_id, "resume after this event")->type_name("ID");
    app.add_flag_callback(
        "--json", [&] { c.output = format::json; }, R"(an object per line: {"type", "data", "lastEventId"})");
    app.add_flag_callback(
           "--data", [&] { c.output = format::data; }, "only the data of each event")
        ->excludes("--json");
    app.add_flag("--once", c.once, "end with the stream; else it reconnects, as a browser does");
    app.add_flag("--retry-post", c.retry_post,
                 "reconnect also where that sends a POST again, which may cost something each time");
    app.add_option_function<std::string>(
           "--max-events",
           [&](text number) {
               const auto most = rill::parse<std::size_t>(number);
               if (!most || *most == 0)
                   throw CLI::ValidationError{"--max-events",
                                              fmt::format("'{}' is not a number from 1 on", number)};
               c.max_events = *most;
           },
           "end after so many events")
        ->type_name("COUNT");
    app.add_option_function<std::string>(
           "--timeout",
           [&](text given) {
               const auto time = demo::parse_time(given);
               if (!time)
                   throw CLI::ValidationError{
                       "--timeout", fmt::format("'{}' is no time like 500ms, 10s, 5m or 1h", given)};
               c.timeout = *time;
           },
           "end after this time, such as 10s, with exit code 3")
        ->type_name("TIME");
    app.add_option("--cacert", c.ca_file, "a file of authorities (PEM) to trust in place of the system's")
        ->type_name("FILE");
    app.add_flag("-k", c.insecure, "take any certificate");
}

/// Whether a URL begins with a scheme. What has no slashes behind it is a host with its port, unless it is
/// HTTP's: `http:/x` lacks one. A URL in the query does not count.
bool has_scheme(std::string_view url) {
    const auto scheme = url.substr(0, url.find_first_of(":/?#"));
    const auto rest = url.substr(scheme.size());
    return rest.starts_with("://") ||
           (rest.starts_with(":") &&
            (rill::equals_ignoring_case(scheme, "http") || rill::equals_ignoring_case(scheme, "https")));
}

} // namespace

std::variant<command, int> read_command_line(int argc, const char* const* argv) {
    CLI::App app{"Prints the events of a stream (Server-Sent Events) as they come."};
    app.name("rillcat");
    app.set_help_flag("--help", "show this help and exit");
    app.get_formatter()->column_width(28);
    app.footer(footer);
    command c;
    try {
        add_options(app, c);
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        fmt::print("{}", app.help());
        return ended_as_asked;
    } catch (const CLI::ParseError& wrong) {
        demo::complain("rillcat", wrong.what());
        return wrong_usage;
    }
    if (!has_scheme(c.url)) c.url.insert(0, "http://");
    if (c.method.empty()) c.method = c.body ? "POST" : "GET";
    return c;
}

} // namespace rillcat
