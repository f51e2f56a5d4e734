// Where a server listens, and how its threads share the connections.
#include <rill/base/error.hpp>

#include "net/serving.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using serving::socket_client;

/// An empty directory, as long as it is needed.
class directory {
public:
    directory() {
        auto name = (std::filesystem::temp_directory_path() / "rill-net-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        path_ = name;
    }
    directory(const directory&) = delete;
    directory& operator=(const directory&) = delete;
    ~directory() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// Who answers, and to whom.
rill::router hello() {
    rill::router routes;
    routes.get("/", [](rill::request& request) { return rill::response::text(request.remote_address()); });
    return routes;
}

/// What a server that cannot listen says.
std::string complaint(const rill::router& routes, const rill::server_options& options, std::errc code) {
    try {
        const rill::server server{routes, options};
    } catch (const rill::error& cause) {
        CHECK((cause.code() == code));
        return cause.what();
    }
    return "nothing";
}

/// A Unix socket's file without anybody behind it.
void leave_socket_behind(const std::filesystem::path& path) {
    const auto socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    sockaddr_storage storage{};
    std::memcpy(&storage, &address, sizeof address);
    REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&storage), sizeof address) == 0);
    ::close(socket);
}

std::string ask(const std::string& url) {
    socket_client client{url};
    client.send(serving::get("/"));
    return serving::body_of(client);
}

} // namespace

TEST_CASE("a server listens on IPv4") {
    const auto routes = hello();
    serving::server server{routes, {.address = "127.0.0.1", .threads = 1}};
    CHECK(server.url().starts_with("http://127.0.0.1:"));
    CHECK(ask(server.url()).starts_with("127.0.0.1:"));
}

TEST_CASE("a server listens on IPv6") {
    if (!std::filesystem::exists("/proc/net/if_inet6")) {
        MESSAGE("skipped: this machine has no IPv6");
        return;
    }
    const auto routes = hello();
    serving::server server{routes, {.address = "::1", .threads = 1}};
    CHECK(server.url().starts_with("http://[::1]:"));
    CHECK(ask(server.url()).starts_with("[::1]:"));
}

TEST_CASE("a server listens on a Unix socket, and takes its file away at the end") {
    const directory place;
    const auto path = place / "rill";
    const auto address = "unix:" + path.string();
    const auto routes = hello();
    {
        serving::server server{routes, {.address = address, .threads = 1}};
        CHECK(server.url() == address);
        CHECK(ask(server.url()) == "unix");
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a Host may be empty over a Unix socket, which has no authority, and nowhere else") {
    const directory place;
    const auto address = "unix:" + (place / "rill").string();
    rill::router routes;
    routes.get("/", [](rill::request& request) {
        return rill::response::text("<" + std::string{request.host()} + ">");
    });
    serving::server local{routes, {.address = address, .threads = 1}}, tcp{routes, {.threads = 1}};
    const auto answer = [](const serving::server& server, const std::string& fields) {
        socket_client client{server.url()};
        client.send("GET / HTTP/1.1\r\n" + fields + "Connection: close\r\n\r\n");
        std::string all;
        for (auto more = client.receive(); !more.empty(); more = client.receive()) all += more;
        return all.substr(9, 3) + all.substr(all.find("\r\n\r\n") + 4);
    };
    for (const auto* const empty : {"Host:\r\n", "Host: \r\n", "Host:\t \r\n"}) {
        CHECK(answer(local, empty) == "200<>");
        CHECK(answer(tcp, empty).starts_with("400"));
    }
    CHECK(answer(local, "Host: localhost\r\n") == "200<localhost>");
    CHECK(answer(local, "Host: %2Ftmp%2Fhub.sock\r\n") == "200<%2Ftmp%2Fhub.sock>");
    CHECK(answer(local, "").starts_with("400"));
    CHECK(answer(local, "Host:\r\nHost:\r\n").starts_with("400"));
    CHECK(answer(local, "Host: :80\r\n").starts_with("400"));
}

TEST_CASE("a Unix socket that was left behind is replaced") {
    const directory place;
    const auto path = place / "rill";
    leave_socket_behind(path);
    const auto address = "unix:" + path.string();
    const auto routes = hello();
    serving::server server{routes, {.address = address, .threads = 1}};
    CHECK(ask(server.url()) == "unix");
}

TEST_CASE("a Unix socket that somebody listens on is not, and goes on to work") {
    const directory place;
    const auto address = "unix:" + (place / "rill").string();
    const auto routes = hello();
    serving::server server{routes, {.address = address, .threads = 1}};
    const auto said = complaint(routes, {.address = address}, std::errc::address_in_use);
    CHECK(said == "cannot listen on " + address + ": Address already in use");
    CHECK(ask(server.url()) == "unix");
}

TEST_CASE("a file that is no socket is never removed") {
    const directory place;
    const auto path = place / "letter";
    std::ofstream{path} << "dear reader";
    const auto address = "unix:" + path.string();
    const auto routes = hello();
    const auto said = complaint(routes, {.address = address}, std::errc::address_in_use);
    CHECK(said == "cannot listen on " + address + ": Address already in use");
    CHECK(std::filesystem::file_size(path) == 11);
}

TEST_CASE("a port that is taken is said with its address") {
    const auto routes = hello();
    const rill::server first{routes, {.port = 0, .threads = 1}};
    const auto said = complaint(routes, {.port = first.port()}, std::errc::address_in_use);
    CHECK(said == fmt::format("cannot listen on 127.0.0.1:{}: Address already in use", first.port()));
}

TEST_CASE("an address of another machine is said") {
    const auto routes = hello();
    const auto said =
        complaint(routes, {.address = "192.0.2.1", .port = 0}, std::errc::address_not_available);
    CHECK(said == "cannot listen on 192.0.2.1:0: Cannot assign requested address");
}

TEST_CASE("a path that is too long for a socket is said") {
    const auto routes = hello();
    const auto address = "unix:/tmp/" + std::string(200, 'x');
    const auto said = complaint(routes, {.address = address}, std::errc::filename_too_long);
    CHECK(said == "cannot listen on " + address + ": File name too long");
}

TEST_CASE("what would listen somewhere else than it says is refused") {
    const auto routes = hello();
    constexpr auto code = std::errc::invalid_argument;
    CHECK(complaint(routes, {.address = ""}, code).starts_with("cannot listen on '': the address is empty"));
    CHECK(complaint(routes, {.address = std::string_view{}}, code).starts_with("cannot listen on ''"));
    CHECK(complaint(routes, {.address = "unix:"}, code).starts_with("cannot listen on 'unix:': no path"));
    for (const std::string_view address : {"0", "00", "0x0", "0.0", "*"}) {
        const auto said = complaint(routes, {.address = address, .port = 0}, code);
        CHECK(said.starts_with(
            fmt::format("cannot listen on '{}', which would be all of this machine", address)));
    }
    const directory place;
    for (const auto& address : {std::string{"127.0.0.1\0.1", 12}, "unix:" + (place / "a").string() + '\0'})
        CHECK(complaint(routes, {.address = address, .port = 0}, code).find("there is a NUL in it") !=
              std::string::npos);
    CHECK_FALSE(std::filesystem::exists(place / "a"));
}

TEST_CASE("all interfaces are listened on if that is what was said") {
    const auto routes = hello();
    serving::server server{routes, {.address = "0.0.0.0", .threads = 1}};
    CHECK(server.url().starts_with("http://0.0.0.0:"));
}

TEST_CASE("the port of a server that has ended is free at once") {
    const auto routes = hello();
    std::uint16_t port = 0;
    for (int i = 0; i < 3; ++i) {
        rill::server server{routes, {.port = port, .threads = 1}};
        port = server.port();
        std::jthread thread{[&] { server.run(); }};
        CHECK(ask(server.url()).starts_with("127.0.0.1:"));
        server.stop();
    }
}

TEST_CASE("connections are spread evenly over the threads") {
    std::mutex mutex;
    std::map<std::thread::id, int> streams;
    rill::router routes;
    routes.get("/", [&](rill::request&) -> rill::event_stream {
        {
            const std::lock_guard lock{mutex};
            ++streams[std::this_thread::get_id()];
        }
        co_yield {.data = "hello"};
        co_await rill::sleep_for(1h);
    });
    serving::server server{routes, {.threads = 3}};
    std::vector<socket_client> clients;
    for (int i = 0; i < 60; ++i) {
        clients.emplace_back(server.url());
        clients.back().send(serving::get("/"));
        clients.back().until("hello");
    }
    const std::lock_guard lock{mutex};
    CHECK(streams.size() == 3);
    for (const auto& [thread, count] : streams) CHECK(count == 20);
}

TEST_CASE("a thread whose clients have left gets the next ones") {
    std::mutex mutex;
    std::map<std::thread::id, std::vector<int>> streams;
    rill::router routes;
    routes.get("/{n}", [&](rill::request& request) -> rill::event_stream {
        {
            const std::lock_guard lock{mutex};
            streams[std::this_thread::get_id()].push_back(request.param<int>("n"));
        }
        co_yield {.data = "hello"};
        co_await rill::sleep_for(1h);
    });
    serving::server server{routes, {.threads = 2}};
    std::vector<socket_client> clients;
    const auto connect = [&] {
        clients.emplace_back(server.url());
        clients.back().send(serving::get(fmt::format("/{}", clients.size() - 1)));
        clients.back().until("hello");
    };
    for (int i = 0; i < 10; ++i) connect();
    std::vector<int> of_one;
    {
        const std::lock_guard lock{mutex};
        REQUIRE(streams.size() == 2);
        of_one = streams.begin()->second;
        CHECK(of_one.size() == 5);
    }
    for (const auto n : of_one) clients[static_cast<std::size_t>(n)].reset();
    const auto thread_of_last = [&] {
        const std::lock_guard lock{mutex};
        const auto& first = streams.begin()->second;
        return first.back() == static_cast<int>(clients.size()) - 1;
    };
    // The server needs a moment to notice that they left: then the one thread has none, and the other five.
    CHECK(serving::eventually([&] {
        connect();
        return thread_of_last();
    }));
    for (int i = 0; i < 3; ++i) connect();
    CHECK(thread_of_last());
}
