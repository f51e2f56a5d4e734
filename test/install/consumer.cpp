// A program of somebody else's that uses Rill: it needs the library, Asio's functions in it, and fmt.
#include <rill/base/text.hpp>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <string>

namespace {

asio::awaitable<void> greet(std::string& greeting) {
    greeting = fmt::format("{}", rill::is_utf8("fl\xc3\xb8t") ? "afloat" : "sunk");
    co_return;
}

} // namespace

int main() {
    std::string greeting;
    asio::io_context context;
    asio::co_spawn(context, greet(greeting), asio::detached);
    context.run();
    std::puts(greeting.c_str());
}
