#!/usr/bin/env python3
"""Compiles a program of one handler as a user would, without optimisation, and fails if that takes too long.

run.py SOURCE BOUND -- COMPILER ARGUMENT...

BOUND is in seconds of CPU time, so that other work on the machine does not count; the best of three runs does.
"""
import os
import resource
import subprocess
import sys
import tempfile


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def compile_once(command: list[str], source: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        before = cpu_seconds()
        subprocess.run([*command, "-O0", "-c", source, "-o", os.path.join(folder, "out.o")], check=True,
                       env={**os.environ, "CCACHE_DISABLE": "1"})
        return cpu_seconds() - before


def main() -> int:
    source, bound, dashes, *command = sys.argv[1:]
    assert dashes == "--", "usage: run.py SOURCE BOUND -- COMPILER ARGUMENT..."
    best = min(compile_once(command, source) for _ in range(3))
    good = best < float(bound)
    print(f"{os.path.basename(source)} compiles in {best:.1f} s of CPU time; the bound is {bound} s")
    print(f"{int(good)} passed, {int(not good)} failed")
    return 0 if good else 1


sys.exit(main())
