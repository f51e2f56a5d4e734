"""Uses Rill as others do.

    run.py installed BUILD_DIR       installs that build, and builds a program with pkg-config against it
    run.py subproject SOURCE_DIR     makes Rill, as a shared library, the subproject of another project

MESON and CXX in the environment name the programs to call.
"""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MESON = os.environ["MESON"]
CXX = shlex.split(os.environ["CXX"])


def run(*command, **environment):
    """The standard output of `command`; ends the test with all of its output if it fails."""
    command = [str(word) for word in command]
    print("+", shlex.join(command), flush=True)
    result = subprocess.run(
        command, env=os.environ | environment, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    if result.returncode != 0:
        sys.exit(f"exit code {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def expect_count(output):
    if output != "counted to 3\n":
        sys.exit(f"the program printed {output!r}")


def check_installation(build_dir, scratch):
    root = scratch / "root"
    run(MESON, "install", "-C", build_dir, "--no-rebuild", "--destdir", root)

    path = str(next(root.rglob("rill.pc")).parent)
    prefix = run("pkg-config", "--variable=prefix", "rill", PKG_CONFIG_PATH=path).strip()
    moved = f"--define-variable=prefix={root}{prefix}"

    def flags(*options):
        return shlex.split(run("pkg-config", moved, *options, "rill", PKG_CONFIG_PATH=path))

    headers = sorted(path.relative_to(root) for path in root.rglob("*.hpp"))
    for header in headers:
        if "detail" in header.parts:
            sys.exit(f"a private header was installed: {header}")

    # A header that includes what stayed in the tree shows here.
    everything = scratch / "everything.cpp"
    include_dir = next(root.rglob("include/rill")).parent.relative_to(root)
    everything.write_text("".join(f"#include <{path.relative_to(include_dir)}>\n" for path in headers))
    run(*CXX, "-std=c++20", "-fsyntax-only", everything, *flags("--cflags"))

    program = scratch / "program"

    def build_and_run(*options):
        run(*CXX, "-std=c++20", HERE / "consumer.cpp", "-o", program, *flags("--cflags", "--libs", *options))
        libraries = flags("--variable=libdir")[0]
        expect_count(run(program, LD_LIBRARY_PATH=libraries))

    shared = list(root.rglob("librill.so*"))
    if shared:
        build_and_run()
        for library in shared:  # so that the static one is found next
            library.unlink()
    if list(root.rglob("librill.a")):
        build_and_run()
        build_and_run("--static")
    elif not shared:
        sys.exit("no library was installed")


def check_subproject(source_dir, scratch):
    parent = scratch / "parent"
    (parent / "subprojects").mkdir(parents=True)
    (parent / "subprojects" / "rill").symlink_to(source_dir)
    shutil.copy(HERE / "consumer.cpp", parent)
    shutil.copy(HERE / "parent.meson.build", parent / "meson.build")

    build_dir = scratch / "build"
    several_at_a_time = ["-Dunity=subprojects", "-Dunity_size=8"]
    options = ["--buildtype=debug", *several_at_a_time, "-Drill:default_library=shared"]
    run(MESON, "setup", *options, build_dir, parent)
    run(MESON, "compile", "-C", build_dir)
    expect_count(run(build_dir / "consumer"))
    targets = json.loads((build_dir / "meson-info" / "intro-targets.json").read_text())
    programs = [target["name"] for target in targets if target["type"] == "executable"]
    if programs != ["consumer"]:
        sys.exit(f"the subproject brought programs along: {programs}")
    check_installation(build_dir, scratch)


def main():
    checks = {"installed": check_installation, "subproject": check_subproject}
    with tempfile.TemporaryDirectory() as scratch:
        checks[sys.argv[1]](pathlib.Path(sys.argv[2]), pathlib.Path(scratch))


main()
