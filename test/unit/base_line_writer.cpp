#include <rill/base/detail/line_writer.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;
using rill::detail::line_writer;

namespace {

/// A pipe with a small buffer, whose reader is this thread.
class small_pipe {
public:
    small_pipe() {
        REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
#ifdef F_SETPIPE_SZ
        ::fcntl(ends_[1], F_SETPIPE_SZ, 4096);
#endif
    }
    small_pipe(const small_pipe&) = delete;
    small_pipe& operator=(const small_pipe&) = delete;
    ~small_pipe() {
        close_reader();
        close_writer();
    }

    [[nodiscard]] int writer() const { return ends_[1]; }
    void close_reader() { close(ends_[0]); }
    void close_writer() { close(ends_[1]); }

    /// What comes until `last` has come, or the end.
    [[nodiscard]] std::string read_until(std::string_view last) const {
        std::string text;
        std::array<char, 4096> part{};
        while (!text.ends_with(last)) {
            const auto size = ::read(ends_[0], part.data(), part.size());
            if (size <= 0) break;
            text.append(part.data(), static_cast<std::size_t>(size));
        }
        return text;
    }

private:
    static void close(int& end) {
        if (end >= 0) ::close(end);
        end = -1;
    }

    std::array<int, 2> ends_{-1, -1};
};

/// How many of `part` are in `text`.
std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++found;
    return found;
}

/// How many lines are said to be lost, all in all.
std::size_t lost_in(std::string_view text) {
    constexpr std::string_view note = " lines were lost here: the log was not read in time\n";
    std::size_t lost = 0;
    for (auto at = text.find(note); at != text.npos; at = text.find(note, at + note.size())) {
        const auto begin = text.rfind(' ', at - 1) + 1;
        lost += std::stoul(std::string{text.substr(begin, at - begin)});
    }
    return lost;
}

} // namespace

TEST_CASE("a line comes out at once, and with its prefix") {
    const small_pipe pipe;
    line_writer log{pipe.writer()};
    log.write("the server drains");
    CHECK(pipe.read_until("\n") == "rill: the server drains\n");
}

TEST_CASE("the destructor waits until all lines are out") {
    small_pipe pipe;
    std::string text;
    std::thread reader;
    {
        line_writer log{pipe.writer()};
        for (int i = 0; i < 1000; ++i) log.write(std::to_string(i));
        reader = std::thread{[&] { text = pipe.read_until("rill: 999\n"); }};
    }
    pipe.close_writer();
    reader.join();
    std::string expected;
    for (int i = 0; i < 1000; ++i) expected += "rill: " + std::to_string(i) + "\n";
    CHECK(text == expected);
}

TEST_CASE("a full pipe blocks nobody, and what was lost is counted in its place") {
    small_pipe pipe;
    constexpr std::size_t many = 20'000;
    line_writer log{pipe.writer(), 8192, 0ms};
    for (std::size_t i = 0; i < many; ++i) log.write("12345"); // returns, although nobody reads
    std::string text;
    while (count(text, "rill: 12345\n") + lost_in(text) < many) text += pipe.read_until("\n");
    CHECK(count(text, "rill: 12345\n") >= 8192 / 12);
    CHECK(lost_in(text) > 0);

    log.write("it goes on");
    CHECK(pipe.read_until("on\n") == "rill: it goes on\n");
}

TEST_CASE("a line that is longer than the bound is lost, and said to be") {
    const small_pipe pipe;
    line_writer log{pipe.writer(), 100};
    log.write(std::string(101, 'x'));
    CHECK(pipe.read_until("\n") == "rill: 1 line was lost here: the log was not read in time\n");
}

TEST_CASE("a pipe whose reader has gone raises no signal, and blocks nobody") {
    small_pipe pipe;
    struct sigaction before{};
    struct sigaction by_default{};
    by_default.sa_handler = SIG_DFL; // it would end this process
    REQUIRE(::sigaction(SIGPIPE, &by_default, &before) == 0);
    pipe.close_reader();
    {
        line_writer log{pipe.writer()};
        for (int i = 0; i < 1000; ++i) log.write("is anybody there?");
    }
    ::sigaction(SIGPIPE, &before, nullptr);
    CHECK(true);
}

TEST_CASE("a reader that is stuck does not keep the destructor, and gets the lines all the same") {
    const small_pipe pipe;
    constexpr std::size_t many = 10'000;
    const auto begin = std::chrono::steady_clock::now();
    {
        line_writer log{pipe.writer(), 1 << 20, 10ms};
        for (std::size_t i = 0; i < many; ++i) log.write("12345");
    }
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
    std::string text;
    while (count(text, "\n") < many) text += pipe.read_until("\n");
    CHECK(count(text, "rill: 12345\n") == many);
}

TEST_CASE("a descriptor that is closed, or that somebody has made non-blocking, is no trouble") {
    {
        line_writer{-1}.write("nowhere");
    }

    small_pipe pipe;
    REQUIRE(::fcntl(pipe.writer(), F_SETFL, O_NONBLOCK) == 0);
    std::string text;
    std::thread reader;
    {
        line_writer log{pipe.writer()};
        for (int i = 0; i < 2000; ++i) log.write("12345");
        reader = std::thread{[&] { text = pipe.read_until("last\n"); }};
        log.write("last");
    }
    reader.join();
    CHECK(count(text, "rill: 12345\n") == 2000);
}

TEST_CASE("lines of several threads are whole, and those of each are in order") {
    small_pipe pipe;
    std::string text;
    std::jthread reader{[&] { text = pipe.read_until("rill: end\n"); }};
    {
        line_writer log{pipe.writer(), 1 << 20};
        {
            std::vector<std::jthread> threads;
            for (char name = 'a'; name < 'e'; ++name)
                threads.emplace_back([&log, name] {
                    for (int i = 100; i < 600; ++i) log.write(name + std::to_string(i));
                });
        }
        log.write("end");
    }
    reader.join();
    for (char name = 'a'; name < 'e'; ++name) {
        std::size_t at = 0;
        for (int i = 100; i < 600 && at != text.npos; ++i)
            at = text.find(fmt::format("rill: {}{}\n", name, i), at);
        CHECK(at != text.npos);
    }
    CHECK(count(text, "\n") == 4 * 500 + 1);
}
