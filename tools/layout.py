"""Checks what no formatter of Debian 12 checks for us: the layout of Meson files, and white space and length of all.

    layout.py FILE...

Meson files: an indentation of two spaces for each block and each bracket that is open at the end of a line.
All files: no tabs, no blanks at line ends, one line end at the end. Sources: at most 450 lines
(the aim is 400), and no #include of a .cpp.
"""

import pathlib
import re
import sys

LONGEST = 450
SOURCES = {".cpp", ".hpp", ".py", ".js", ".mjs", ".build"}
TOKEN = re.compile(r"#.*|'(?:\\.|[^'\\])*'|\b(?:if|foreach|endif|endforeach|elif|else)\b|[()\[\]{}]|\S")
INCLUDED_SOURCE = re.compile(r"\s*#\s*include\s*[<\"].*\.(?:c|cc|cpp|cxx)[>\"]")
OPENERS = {"if", "foreach", "(", "[", "{"}
CLOSERS = {"endif", "endforeach", ")", "]", "}"}


def meson_problems(lines):
    open_lines = []  # for each line that left something open, how much of it still is
    for number, line in enumerate(lines, 1):
        tokens = TOKEN.findall(line)
        if not tokens:
            continue
        before, here, leading = len(open_lines), 0, True
        expected = before
        for token in tokens:
            if token in CLOSERS and here > 0:
                here -= 1
            elif token in CLOSERS:
                if not open_lines:
                    yield number, f"{token} closes nothing"
                    return
                open_lines[-1] -= 1
                if leading:
                    expected = len(open_lines) - 1
                if open_lines[-1] == 0:
                    open_lines.pop()
            elif token in ("elif", "else"):
                expected = before - 1
            elif token in OPENERS:
                here += 1
            leading = leading and token in CLOSERS
        if here > 0:
            open_lines.append(here)
        indentation = len(line) - len(line.lstrip(" "))
        if indentation != 2 * expected:
            yield number, f"indented by {indentation}, not {2 * expected}"


def problems(path):
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if text and (not text.endswith("\n") or text.endswith("\n\n")):
        yield len(lines), "must end with one line end"
    if path.suffix in SOURCES and len(lines) > LONGEST:
        yield len(lines), f"longer than {LONGEST} lines"
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            yield number, "a tab"
        if path.suffix in SOURCES and INCLUDED_SOURCE.match(line):
            yield number, "includes a source"
        if line != line.rstrip():
            yield number, "blanks at the end"
    if path.name in ("meson.build", "meson_options.txt"):
        yield from meson_problems(lines)


def main():
    found = False
    for name in sys.argv[1:]:
        for number, problem in problems(pathlib.Path(name)):
            print(f"{name}:{number}: {problem}")
            found = True
    return int(found)


sys.exit(main())
