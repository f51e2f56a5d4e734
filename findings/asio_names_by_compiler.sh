#!/usr/bin/env bash
# Asio 1.22.1 compiled by GCC 12 with ASIO_SEPARATE_COMPILATION does not link with a program by Clang 19, nor the other way
# round, though both follow one C++ ABI and agree on every other name of it.
#
# The explicit specialisations of any_io_executor's require and prefer have a parameter of a dependent type
# (asio::constraint<...>), and the two compilers spell that type differently in the name of the function. A program that does
# no more than await a timer needs some of them.
#
# Why it matters: a library that ships Asio's functions compiled once, for its programs to use, can only be used with the
# compiler that built it. Header-only on both sides works; then the static variables of both must be merged by the linker,
# else the error categories differ, and codes do not compare equal.
#
# Needs apt-get for Debian 12, g++ 12 and clang++ 19 (here: g++ 12.2.0, clang++ 19.1.7).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq libasio-dev=1:1.22.1-1 >&2
dpkg -x libasio-dev_*.deb asio
cat >library.cpp <<'CPP'
#include <asio/impl/src.hpp>
CPP
cat >program.cpp <<'CPP'
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
int main() {
    asio::io_context context;
    asio::steady_timer timer{context, std::chrono::milliseconds{1}};
    timer.async_wait([](auto) {});
    context.run();
}
CPP
flags=(-std=c++20 -pthread -isystem asio/usr/include -DASIO_SEPARATE_COMPILATION -DASIO_DISABLE_STD_ALIGNED_ALLOC)
for compiler in g++-12 clang++-19; do
    "$compiler" "${flags[@]}" -c library.cpp -o "library-$compiler.o"
    "$compiler" "${flags[@]}" -c program.cpp -o "program-$compiler.o"
done
changed=0
for library in g++-12 clang++-19; do
    for program in g++-12 clang++-19; do
        expected=$([ "$library" = "$program" ] && echo links || echo 'does not link')
        if "$program" -pthread "program-$program.o" "library-$library.o" -o program 2>log && ./program; then
            seen=links
        else
            seen='does not link'
        fi
        echo "library by $library, program by $program: $seen"
        sed -nE "s/.*undefined reference to .(.*)'/\1/p" log | sed -E 's/\(.*//' | sort -u | sed 's/^/    missing: /' | cut -c1-110
        [ "$seen" = "$expected" ] || changed=1
    done
done
[ "$changed" = 0 ] || { echo 'that is not what was seen before'; exit 1; }
