#!/usr/bin/env bash
# Asio 1.22.1: any_io_executor::target<T>() gives a pointer for every T, whatever executor it holds. std::function, which has
# the same member, gives null for a type that it does not hold.
#
# Only target_type() tells what is held. target<T>() is null for an executor that holds nothing.
#
# Why it matters: a library that takes a shorter way for executors that it knows (a post without memory of its own, say) would
# write into another one's. Correct in every version: executor.target_type() == typeid(T) ? executor.target<T>() : nullptr.
#
# Needs apt-get for Debian 12 and g++ (here: 12.2.0).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq libasio-dev=1:1.22.1-1 >&2
dpkg -x libasio-dev_*.deb asio
cat >program.cpp <<'CPP'
#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>

#include <cstdio>
#include <functional>

template <typename T>
void tell(const char* asked, const asio::any_io_executor& held) {
    std::printf("as %s: target is %s, target_type is %s\n", asked, held.target<T>() ? "a pointer" : "null",
                held.target_type() == typeid(T) ? "that" : "another");
}

int main() {
    asio::io_context context;
    using loop = asio::io_context::executor_type;
    const asio::any_io_executor held = asio::make_strand(context);
    std::puts("an any_io_executor that holds a strand");
    tell<asio::strand<loop>>("the strand", held);
    tell<loop>("io_context's executor", held);
    tell<asio::thread_pool::executor_type>("thread_pool's executor", held);
    std::puts("an empty one");
    tell<loop>("io_context's executor", {});
    const std::function<void()> f = [] {};
    std::printf("a std::function, asked for another type: %s\n", f.target<void (*)()>() ? "a pointer" : "null");
}
CPP
g++ -std=c++20 -pthread -isystem asio/usr/include program.cpp -o program
cat >expected <<'TEXT'
an any_io_executor that holds a strand
as the strand: target is a pointer, target_type is that
as io_context's executor: target is a pointer, target_type is another
as thread_pool's executor: target is a pointer, target_type is another
an empty one
as io_context's executor: target is null, target_type is another
a std::function, asked for another type: null
TEXT
./program | tee seen
diff expected seen || { echo 'that is not what was seen before'; exit 1; }
