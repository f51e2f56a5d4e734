"""Fails when a hot path takes more instructions than it did.

    guard.py VALGRIND PROGRAM BUILD [--record]

Callgrind counts what PROGRAM, which is instructions.cpp, spends on fixed work: unlike time, that is the same in every
run and beside any other load. Each figure may be 5 % above the one in instructions.json, and those of BESIDE also 2 % above
another one of the same run. BUILD names compiler,
architecture and kind of build, since another one needs another number of instructions; where nothing is recorded for
it, the test is skipped. --record records the figures instead.
"""

import json
import pathlib
import re
import subprocess
import sys

TOLERANCE = 0.05
BESIDE_TOLERANCE = 0.02
SKIPPED = 77
RECORDS = pathlib.Path(__file__).with_name("instructions.json")
COUNTS = {"co_yield": 200_000, "request": 6_000, "delivery_1": 80_000, "delivery_16": 640_000, "beside_stuck": 640_000}
NAMES = {
    "co_yield": "co_yield of a 20-byte event",
    "request": "GET of a short text",
    "delivery_1": "delivery of an event to one of 200",
    "delivery_16": "the same, in bursts of 16",
    "beside_stuck": "the same, beside 100 that do not read",
}
BESIDE = {"beside_stuck": "delivery_16"}


def instructions_each(valgrind, program, work):
    count = COUNTS[work]
    command = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=counted",
               program, work, str(count)]
    # Without an environment nobody's settings of Valgrind or of the C library count.
    run = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    collected = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not collected or collected[1] == "0":
        sys.exit(f"nothing was counted of {work}: exit code {run.returncode}\n{run.stderr}")
    return round(int(collected[1]) / count, 1)


def is_within(work, figure, record):
    change = figure / record - 1
    verdict = ""
    if change > TOLERANCE:
        verdict = f": more than {TOLERANCE:.0%} above its record"
    elif change < -TOLERANCE:
        verdict = ": lower the record (ninja record-instructions)"
    print(f"{NAMES[work]}: {figure} instructions, recorded are {record} ({change:+.1%}){verdict}")
    return change <= TOLERANCE


def costs_no_more(work, figures):
    other = BESIDE[work]
    ratio = figures[work] / figures[other]
    print(f"{NAMES[work]}: {ratio:.3f} of what it takes without")
    return ratio <= 1 + BESIDE_TOLERANCE


def main():
    valgrind, program, build, *options = sys.argv[1:]
    records = json.loads(RECORDS.read_text(encoding="utf-8"))
    if options == ["--record"]:
        records[build] = {work: instructions_each(valgrind, program, work) for work in COUNTS}
        RECORDS.write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8")
        print(f"{build}: {records[build]}")
        return 0
    if build not in records:
        print(f"skipped: nothing is recorded for '{build}', only for '{', '.join(records)}'")
        return SKIPPED
    figures = {work: instructions_each(valgrind, program, work) for work in COUNTS}
    good = [is_within(work, figures[work], records[build][work]) for work in COUNTS]
    good += [costs_no_more(work, figures) for work in BESIDE]
    print(f"{good.count(True)} passed, {good.count(False)} failed")
    return 0 if all(good) else 1


sys.exit(main())
