#!/usr/bin/env python3
"""systemd finds nothing wrong with the unit of docs/deploy.md.

    unit.py PROGRAM    what stands in for the program that the unit starts"""

import pathlib
import subprocess
import sys
import tempfile

from proxies import find, recommended, replaced


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    analyse = find("systemd-analyze")
    if analyse is None:
        print("skipped systemd: not installed")
        return 77
    with tempfile.TemporaryDirectory(prefix="rill-unit-") as directory:
        unit = pathlib.Path(directory, "hub.service")
        unit.write_text(replaced(recommended("ini"), "/usr/local/bin/hub", str(pathlib.Path(sys.argv[1]).resolve())), encoding="utf-8")
        run = subprocess.run([analyse, "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    print(run.stdout + run.stderr, end="")
    return run.returncode != 0 or run.stderr != ""  # a name that it does not know is only a warning


if __name__ == "__main__":
    sys.exit(main())
