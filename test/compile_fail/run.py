"""Checks that a source is refused by the compiler, for the reason that its first line names.

    run.py BUILD_DIR CONTROL_SOURCE SOURCE

The compiler and its options are those of CONTROL_SOURCE in the build directory.
"""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

LONGEST = 25  # lines of output that a person still reads


def command_for(build_dir, control, source):
    """The command that compiles `control`, made to check `source` and to write nothing."""
    for entry in json.loads((build_dir / "compile_commands.json").read_text()):
        if (build_dir / entry["file"]).resolve() == control:
            break
    else:
        sys.exit(f"{control} is not part of the build in {build_dir}")
    command = []
    arguments = iter(shlex.split(entry["command"]))
    for argument in arguments:
        if argument in ("-o", "-MF", "-MQ", "-MT"):
            next(arguments)
        elif argument not in ("-c", "-MD", "-MMD") and argument != entry["file"]:
            command.append(argument)
    return command + ["-fsyntax-only", "-fdiagnostics-color=never", str(source)]


def main():
    build_dir, control, source = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    expectation = re.match(r"// expect: (\S.*)", source.read_text())
    if not expectation:
        sys.exit(f"{source}: the first line is not `// expect: TEXT`")
    expected = expectation[1].strip()

    command = command_for(build_dir, control, source)
    result = subprocess.run(
        command, cwd=build_dir, env=os.environ | {"LC_ALL": "C"}, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    lines = result.stdout.splitlines()
    print(shlex.join(command), *lines, sep="\n")
    if result.returncode == 0:
        sys.exit(f"{source} compiles, and must not")
    first = next((line for line in lines if "error:" in line), "")
    if expected not in first:
        sys.exit(f"{source} is refused, but first for something else than: {expected}")
    if len(lines) > LONGEST:
        sys.exit(f"{source} is refused with {len(lines)} lines, which is more than {LONGEST}")


main()
