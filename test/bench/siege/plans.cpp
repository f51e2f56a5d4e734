#include "plans.hpp"

#include "regular_client.hpp"

#include <fmt/format.h>

#include <memory>
#include <openssl/bio.h>
#include <openssl/ssl.h>

namespace siege {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t mebibyte = 1 << 20;

std::string get(std::string_view path) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
}

std::string post(std::string_view path, std::size_t size) {
    return fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
                       "Content-Length: {}\r\n\r\n",
                       path, size);
}

/// What a client of TLS sends first.
std::string client_hello() {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()),
                                                                    SSL_CTX_free};
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl{SSL_new(context.get()), SSL_free};
    auto* const out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), out);
    SSL_connect(ssl.get()); // begins, and waits for the answer
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out, &data);
    return {data, static_cast<std::size_t>(size)};
}

// What a connection takes: its session, the parser, and what has come of a head; with a body the request, and
// the handler that waits for it; with an answer that is not taken at once, the page.
constexpr std::size_t each_head = 4'096;
constexpr std::size_t each_body = 8'192;
constexpr std::size_t each_page = 32'768;
constexpr std::size_t slow_clients = 5'000;

plan slow_heads() {
    const habit slow{.first = "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", .then = "a", .every = 3s};
    return {.name = "slow_heads",
            .title = "5,000 heads, a byte each 3 s",
            .crowds = {{.habits = {slow}, .connections = slow_clients}},
            .held = slow_clients,
            .growth = slow_clients * each_head,
            .rid_of_them = 12s}; // head_timeout, and linger
}

plan slow_bodies() {
    const habit slow{.first = post("/topics/slow", 100'000), .then = "a", .every = 3s};
    return {.name = "slow_bodies",
            .title = "5,000 bodies, a byte each 3 s",
            .crowds = {{.habits = {slow}, .connections = slow_clients}},
            .held = slow_clients,
            .growth = slow_clients * each_body,
            .rid_of_them = 8s}; // body_grace, and linger
}

plan stuck_readers() {
    constexpr std::size_t readers = 1'000, size = 32'768;
    const habit stuck{.first = get("/topics/large"), .reads = false, .receive_buffer = 4'096};
    auto event = post("/topics/large", size);
    event.append(size, '.');
    const auto whole = event.size();
    const habit publisher{.then = std::move(event), .piece = whole, .every = 50ms};
    return {
        .name = "stuck_readers",
        .title = "1,000 readers that do not read, 20 events of 32 KiB a second",
        .arguments = {"--keep-bytes", "1MiB"},
        .crowds = {{.habits = {stuck}, .connections = readers}, {.habits = {publisher}, .connections = 1}},
        .held = readers,
        // The log, what has left it and is on its way to somebody, and each one's session.
        .growth = 2 * mebibyte + readers * each_head};
}

/// More clients than the hub may open files; each has its page, and stays. With `automatic` the hub knows.
plan no_descriptors(std::string_view name, std::string_view title, bool automatic) {
    const habit visitor{.first = get("/")};
    return {.name = name,
            .title = title,
            .arguments = automatic ? std::vector<std::string>{}
                                   : std::vector<std::string>{"--max-connections", "10000"},
            .files = 300,
            .crowds = {{.habits = {visitor}, .connections = 600}},
            .held = 250,
            .growth = 300 * each_page,
            .turns_away = automatic};
}

constexpr std::size_t most_connections = 200;

crowd residents() {
    return {.habits = {{.first = get("/topics/idle")}},
            .connections = most_connections - regular_client::connections};
}

plan full_and_more() {
    const habit asks{.first = get("/")};
    const habit asks_for_stream{
        .first = "GET /topics/idle HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"};
    const habit sits{.stays = 2s};
    const habit resets{.first = get("/"), .leaves_at_once = true};
    return {.name = "full",
            .title = "200 connections are there, and 1,000 more come each second",
            .arguments = {"--max-connections", "200"},
            .crowds = {residents(),
                       {.habits = {asks, sits, resets, asks_for_stream, sits, resets}, .arrivals = 1'000}},
            .held = most_connections,
            .growth = 300 * each_page,
            .turns_away = true};
}

plan full_over_tls() {
    const auto hello = client_hello();
    const habit shakes_hands{.first = hello, .stays = 2s};
    const habit sits{.stays = 2s};
    const habit resets{.first = hello, .leaves_at_once = true};
    return {.name = "full_tls",
            .title = "the same over TLS, 200 each second",
            .arguments = {"--max-connections", "200"},
            .tls = true,
            // They hold their places for as long as a handshake may take, and come back.
            .crowds = {{.habits = {{.first = hello}},
                        .connections = most_connections - regular_client::connections},
                       {.habits = {shakes_hands, sits, resets}, .arrivals = 200}},
            .held = most_connections,
            .growth = 200 * std::size_t{65'536}}; // OpenSSL's in the middle of a handshake
}

} // namespace

std::vector<plan> all_plans() {
    return {slow_heads(),
            slow_bodies(),
            stuck_readers(),
            no_descriptors("few_files", "600 clients where 300 files may be open", true),
            no_descriptors("no_files", "the same, and the hub believes in 10,000", false),
            full_and_more(),
            full_over_tls()};
}

} // namespace siege
