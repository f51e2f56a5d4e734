"""What a program is told that is compiled in a way in which it would link, and crash: see base/config.hpp."""

import shlex
import subprocess
import sys


def first_error(compiler, source, options):
    """Of the preprocessor, which is enough for an #error; empty if there is none."""
    command = [*compiler, "-E", "-Wfatal-errors", str(source), "-o", "/dev/null", *map(str, options)]
    result = subprocess.run(command, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    errors = [line for line in result.stdout.splitlines() if "error:" in line]
    if bool(errors) != (result.returncode != 0):
        sys.exit(f"{shlex.join(command)}\n{result.stdout}")
    return errors[0] if errors else ""


def includes(compiler, source, options):
    command = [*compiler, "-M", str(source), *map(str, options)]
    return subprocess.run(command, text=True, check=True, stdout=subprocess.PIPE).stdout


def expect(expected, compiler, source, options):
    error = first_error(compiler, source, options)
    if expected not in error or (error and not expected):
        sys.exit(f"{source.read_text()}with {shlex.join(options)}: {error or 'no error'}, not: {expected or 'none'}")


def check(compiler, include_dir, headers, flags, scratch):
    """How many cases came out right; ends the test if one does not."""
    source = scratch / "misuse.cpp"
    where = [flag for flag in flags if flag.startswith("-I")]
    modern = "-std=c++20"
    for header in headers:
        source.write_text(f"#include <{header}>\n")
        if first_error(compiler, source, [modern, *where]) or "/asio/" in includes(compiler, source, [modern, *flags]):
            expect("Rill: flags are missing", compiler, source, [modern, *where])

    source.write_text("#include <rill/rill.hpp>\n")
    expect("", compiler, source, [modern, *flags])
    expect("Rill needs C++20", compiler, source, ["-std=c++17", *flags])
    for flag in (flag for flag in flags if flag.startswith("-DASIO")):
        expect("Rill: flags are missing", compiler, source, [modern, *flags, flag.replace("-D", "-U")])
    for macro in ("NO_DEPRECATED", "NO_TS_EXECUTORS", "USE_TS_EXECUTOR_AS_DEFAULT"):
        expect("without ASIO_NO_DEPRECATED", compiler, source, [modern, *flags, f"-DASIO_{macro}"])
    expect("without ASIO_DISABLE_VISIBILITY", compiler, source, [modern, *flags, "-DASIO_DISABLE_VISIBILITY"])
    expect("ASIO_HAS_STD_ALIGNED_ALLOC must not be defined", compiler, source, [modern, *flags, "-DASIO_HAS_STD_ALIGNED_ALLOC"])

    other = scratch / "other_asio" / "asio"
    other.mkdir(parents=True)
    (other / "version.hpp").write_text("#define ASIO_VERSION 999999\n")
    expect("not the version of Asio", compiler, source, [modern, f"-I{other.parent}", *flags])

    # Asio first, as its manual says: the flags are missing all the same.
    source.write_text("#include <asio.hpp>\n#include <rill/rill.hpp>\n")
    expect("Rill: flags are missing", compiler, source, [modern, *where])
    print(f"ok      {len(headers)} headers refuse a program without flags, and what differs is refused")
    return len(headers) + 11
