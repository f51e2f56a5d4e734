"""Checks what compare.py makes of figures and of wrong options. Nothing is started.

    check_compare.py
"""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import compare_rows  # noqa: E402
from compare_rows import Figure, Outcome, Row, Target  # noqa: E402

COMPARE = pathlib.Path(__file__).resolve().parent / "compare.py"


def figure(*targets, more_is_better=True):
    return Figure("things", lambda result: result["things"], targets, more_is_better)


def row(of):
    return Row("row", "Group", (), 1_000, (of,), ("raw_epoll", "rill"))


def outcomes(**values):
    return {
        server: Outcome([{"things": value} for value in those]) if isinstance(those, tuple) else Outcome([], those)
        for server, those in values.items()
    }


def verdict(of, **values):
    return compare_rows.verdict(row(of), of, outcomes(**values))


def refused(*options):
    """What compare.py says about wrong options, if it is one line and the exit code is right."""
    command = [sys.executable, COMPARE, "--check", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    right = done.returncode == 2 and not done.stdout and done.stderr.count("\n") == 1
    return done.stderr if right else f"exit code {done.returncode}"


SHARE, BOUND = Target(0.5, "raw_epoll"), Target(20)
TABLE = """### Group

| | raw_epoll | rill | ratio | target | |
|---|---|---|---|---|---|
| `row`, 1,000 connections: things | 2,000 | 1,000 | 0.50 of raw_epoll | ≥ 0.5 of raw_epoll | met |
"""
FAILED_TABLE = """### Group

| | raw_epoll | rill | ratio | target | |
|---|---|---|---|---|---|
| `row`, 1,000 connections: things | failed: a \\| b | 1,000 | – of raw_epoll | ≥ 0.5 of raw_epoll | not measured |
"""


def cases():
    """(what it is, what it should be, what it is about)."""
    of = figure(SHARE)
    three = outcomes(rill=(1, 20, 3), raw_epoll=(10, 10, 10))
    yield compare_rows.ratio(of, three, "rill", "raw_epoll"), 0.3, "a ratio is the median of the runs' ratios"
    yield compare_rows.ratio(of, outcomes(rill=(1,)), "rill", "raw_epoll"), None, "there is none without the other"
    yield three["rill"].median(of), 3, "a figure is the median of the runs"
    yield outcomes(rill="failed")["rill"].median(of), None, "a server that failed has no figures"
    yield verdict(of, rill=(5,), raw_epoll=(10,)), "met", "a share is met at its bound"
    yield verdict(of, rill=(4,), raw_epoll=(10,)), "missed", "and missed below"
    yield verdict(of, rill=(4,)), "not measured", "without the other it is neither"
    yield verdict(of, rill="failed", raw_epoll=(10,)), "not measured", "nor without Rill"
    less = figure(SHARE, more_is_better=False)
    yield verdict(less, rill=(5,), raw_epoll=(10,)), "met", "a cost is met at its bound"
    yield verdict(less, rill=(6,), raw_epoll=(10,)), "missed", "and missed above"
    either = figure(BOUND, SHARE)
    yield verdict(either, rill=(19,), raw_epoll=(38,)), "met", "one target of two is enough"
    yield verdict(either, rill=(20,), raw_epoll=(90,)), "met", "whichever"
    yield verdict(either, rill=(19,), raw_epoll=(39,)), "missed", "none is not"
    yield verdict(either, rill=(20,)), "met", "nor does it need the other then"
    found = {"row": outcomes(raw_epoll=(2_000,), rill=(1_000,))}
    yield "\n".join(compare_rows.tables([row(of)], found)), TABLE, "a table has the figures"
    found = {"row": outcomes(raw_epoll="failed: a | b", rill=(1_000,))}
    yield "\n".join(compare_rows.tables([row(of)], found)), FAILED_TABLE, "and why there are none"
    for options, reason in {
        ("--frob",): "unrecognized arguments: --frob",
        ("--only", "fan_out_1000,nothing"): "'nothing' is none of",
        ("--servers", "rill,apache"): "'apache' is none of",
        ("--servers", "nchan", "--only", "firehose_1"): "none of these servers is in these rows",
        ("--runs", "0"): "'0' is no number of runs",
        ("--json", "/"): "cannot be written",
    }.items():
        said = refused(*options)
        yield (reason in said or said), True, f"{' '.join(options)} is refused"


def main():
    passed = failed = 0
    for is_so, should_be, what in cases():
        if is_so == should_be:
            passed += 1
        else:
            failed += 1
            print(f"FAILED: {what}: {is_so!r}")
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
