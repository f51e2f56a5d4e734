"""Prints how many test cases passed and failed in a run of `meson test`, as `N passed, M failed`.

    count.py TESTLOG_JSON

A doctest program counts with its cases, and so does a test that prints a line of the form above; any other test is
one case. A case that says `skipped: WHY` in a message has passed for doctest, but not here. A test that failed has at
least one failed case, whatever it printed before: it may have crashed.
"""

import json
import re
import sys

DOCTEST = re.compile(r"^\[doctest\] test cases: *\d+ *\| *(\d+) passed *\| *(\d+) failed *\| *(\d+) skipped", re.M)
CLOSING_LINE = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
GIVEN_UP = "MESSAGE: skipped: "


def cases(test):
    """(passed, failed, skipped) of one test."""
    if test["result"] == "SKIP":
        return 0, 0, 1
    output = re.sub(r"\x1b\[[0-9;]*m", "", test.get("stdout", ""))
    ok = test["result"] in ("OK", "EXPECTEDFAIL")
    counts = DOCTEST.findall(output) or CLOSING_LINE.findall(output)[-1:]
    if not counts:
        return int(ok), int(not ok), 0
    passed, failed, skipped = (sum(int(n or 0) for n in column) for column in zip(*counts))
    given_up = output.count(GIVEN_UP)
    return passed - given_up, failed or int(not ok), skipped + given_up


def main():
    with open(sys.argv[1], encoding="utf-8") as log:
        counts = [cases(json.loads(line)) for line in log]
    passed, failed, skipped = map(sum, zip(*counts)) if counts else (0, 0, 0)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


sys.exit(main())
