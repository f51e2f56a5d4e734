// What it costs to read the head of a request: nanoseconds for curl's and for a browser's. The baseline is
// llhttp alone, which tells nobody what it reads.
#include <rill/http/parser.hpp>

#include "figures.hpp"

#include <fmt/format.h>
#include <llhttp.h>

#include <cstdlib>
#include <string_view>

namespace {

constexpr int requests = 200'000;

constexpr std::string_view curls = "GET /events HTTP/1.1\r\n"
                                   "Host: 127.0.0.1:8080\r\n"
                                   "User-Agent: curl/7.88.1\r\n"
                                   "Accept: */*\r\n"
                                   "\r\n";
constexpr std::string_view browsers =
    "GET /rooms/lobby/events?last_event_id=0123456789ab-4711 HTTP/1.1\r\n"
    "Host: chat.example.org\r\n"
    "Connection: keep-alive\r\n"
    "sec-ch-ua: \"Chromium\";v=\"126\", \"Not/A)Brand\";v=\"8\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: text/event-stream\r\n"
    "Cache-Control: no-cache\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: cors\r\n"
    "Sec-Fetch-Dest: empty\r\n"
    "Referer: https://chat.example.org/rooms/lobby\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n"
    "\r\n";

void parse_all(std::string_view request) {
    const rill::limits limits;
    rill::request_parser parser{limits};
    rill::request_head head;
    for (int i = 0; i < requests; ++i) {
        auto input = request;
        if (parser.parse(input, head) != rill::parse_step::head ||
            parser.parse(input, head) != rill::parse_step::complete)
            std::abort();
        parser.reset();
    }
}

void have_llhttp_parse_all(std::string_view request) {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    for (int i = 0; i < requests; ++i)
        if (llhttp_execute(&parser, request.data(), request.size()) != HPE_OK) std::abort();
}

void measure(std::string_view what, std::string_view request) {
    const auto time = compare([&] { parse_all(request); }, [&] { have_llhttp_parse_all(request); });
    fmt::print("parsing of {} head of {} bytes: {:.0f} ns; llhttp alone: {:.0f} ns\n", what, request.size(),
               time.work / requests, time.baseline / requests);
}

} // namespace

int main() {
    measure("curl's", curls);
    measure("a browser's", browsers);
}
