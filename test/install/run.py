"""Uses Rill as others do.

    run.py installed BUILD_DIR         installs that build, and builds programs with pkg-config against it
    run.py subproject SOURCE_DIR       makes Rill, as a shared library, the subproject of another project
    run.py other_compiler SOURCE_DIR   the same as `installed` for libraries, shared and static, that another compiler has built

MESON and CXX in the environment name the programs to call. Programs are built by CXX, and by Clang or GCC, whichever
CXX is not: what is missing of these is skipped.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import misuse

HERE = pathlib.Path(__file__).resolve().parent
MESON = os.environ["MESON"]
CXX = shlex.split(os.environ["CXX"])

passed, skipped = 0, 0


def call(*command, **environment):
    command = [str(word) for word in command]
    print("+", shlex.join(command), flush=True)
    return subprocess.run(
        command, env=os.environ | environment, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )


def run(*command, **environment):
    """The standard output of `command`; ends the test with all of its output if it fails."""
    result = call(*command, **environment)
    if result.returncode != 0:
        sys.exit(f"exit code {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def other_compiler():
    """(C, C++) of the compiler that CXX is not; nothing if it is missing here."""
    is_clang = "clang" in run(*CXX, "--version")
    pairs = [("gcc", "g++")] if is_clang else [("clang-19", "clang++-19"), ("clang", "clang++")]
    return next((pair for pair in pairs if all(map(shutil.which, pair))), None)


def skip(what):
    global skipped
    skipped += 1
    print(f"skipped {what}: there is no other compiler here")


def check(output, what):
    global passed
    if output.splitlines()[-1:] != ["heard 123hello400refused, at home, the end, and from others 2"]:
        sys.exit(f"{what}: the program printed {output!r}")
    passed += 1
    print(f"ok      {what}")


class Installation:
    """A library as `meson install` and pkg-config show it to others."""

    def __init__(self, build_dir, scratch):
        self.scratch = scratch
        self.root = scratch / "root"
        run(MESON, "install", "-C", build_dir, "--no-rebuild", "--destdir", self.root)
        self.path = str(next(self.root.rglob("rill.pc")).parent)
        prefix = run("pkg-config", "--variable=prefix", "rill", PKG_CONFIG_PATH=self.path).strip()
        self.moved = f"--define-variable=prefix={self.root}{prefix}"
        self.include_dir = next(self.root.rglob("include/rill")).parent
        self.headers = sorted(path.relative_to(self.include_dir) for path in self.include_dir.rglob("*.hpp"))

    def flags(self, *options):
        return shlex.split(run("pkg-config", self.moved, *options, "rill", PKG_CONFIG_PATH=self.path))

    def compile(self, compiler, source, name, *options):
        result = self.scratch / name
        run(*compiler, "-std=c++20", *options, "-c", HERE / source, "-o", result)
        return result

    def link_and_run(self, compiler, objects, what, *options):
        program = self.scratch / "program"
        run(*compiler, *objects, "-o", program, *self.flags("--libs", *options))
        check(run(program, LD_LIBRARY_PATH=self.flags("--variable=libdir")[0]), what)


def check_headers(rill):
    for header in rill.headers:
        if "detail" in header.parts:
            sys.exit(f"a private header was installed: {header}")
    # A header that includes what stayed in the tree shows here.
    everything = rill.scratch / "everything.cpp"
    everything.write_text("".join(f"#include <{header}>\n" for header in rill.headers))
    run(*CXX, "-std=c++20", "-fsyntax-only", everything, *rill.flags("--cflags"))


def check_exports(library):
    """A shared library shows what is Rill's, and of Asio some variables, no functions."""
    shown = [line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines()]
    variable = re.compile(r"(top_E|value_E|instance|state|fns|execute)$")
    of_asio = [name for name in shown if re.match(r"asio_|_Z([A-Z]*N)?K?4asio", name) and not variable.search(name)]
    if of_asio:
        sys.exit(f"{library} shows {len(of_asio)} symbols of Asio: {of_asio[:3]}")


def check_installation(build_dir, scratch, compilers, forms=("",)):
    """Links a program by each of `compilers`, with Asio elsewhere in each of `forms`, which are compiler options."""
    rill = Installation(build_dir, scratch)
    check_headers(rill)
    consumers = {name: rill.compile(compiler, "consumer.cpp", f"{name}.o", *rill.flags("--cflags"))
                 for name, compiler in compilers.items()}
    others = {form: rill.compile(CXX, "other.cpp", f"other{form}.o", *form.split()) for form in forms}

    def link_all(how, *options):
        for name, compiler in compilers.items():
            rill.link_and_run(compiler, [others[forms[0]], consumers[name]], f"{name}, {how}", *options)
        for form in forms[1:]:
            rill.link_and_run(CXX, [others[form], consumers["the same compiler"]], f"Asio elsewhere with {form}, {how}", *options)

    shared = list(rill.root.rglob("librill.so*"))
    if shared:
        check_exports(shared[0])
        link_all("shared")
        for library in shared:  # so that the static one is found next
            library.unlink()
    if list(rill.root.rglob("librill.a")):
        link_all("static", *(["--static"] if shared else []))
        rill.link_and_run(CXX, [others[forms[0]], *list(consumers.values())[:1]], "all libraries static", "--static")
    elif not shared:
        sys.exit("no library was installed")
    return rill


def both_compilers():
    compilers = {"the same compiler": CXX}
    if pair := other_compiler():
        compilers["another compiler"] = [pair[1]]
    else:
        skip("programs by another compiler than the library's")
    return compilers


FORMS = ("", "-DASIO_STANDALONE", "-DASIO_NO_DEPRECATED", "-DASIO_SEPARATE_COMPILATION")


def check_installed(build_dir, scratch):
    global passed
    rill = check_installation(build_dir, scratch, both_compilers(), FORMS)
    passed += misuse.check(CXX, rill.include_dir, rill.headers, rill.flags("--cflags"), scratch)


def check_subproject(source_dir, scratch):
    parent = scratch / "parent"
    (parent / "subprojects").mkdir(parents=True)
    (parent / "subprojects" / "rill").symlink_to(source_dir)
    for source in ("consumer.cpp", "other.cpp"):
        shutil.copy(HERE / source, parent)
    shutil.copy(HERE / "parent.meson.build", parent / "meson.build")

    build_dir = scratch / "build"
    several_at_a_time = ["-Dunity=subprojects", "-Dunity_size=8"]
    options = ["--buildtype=debug", *several_at_a_time, "-Drill:default_library=shared"]
    run(MESON, "setup", *options, build_dir, parent)
    run(MESON, "compile", "-C", build_dir)
    check(run(build_dir / "consumer"), "a subproject")
    targets = json.loads((build_dir / "meson-info" / "intro-targets.json").read_text())
    programs = [target["name"] for target in targets if target["type"] == "executable"]
    if programs != ["consumer"]:
        sys.exit(f"the subproject brought programs along: {programs}")
    check_installation(build_dir, scratch, both_compilers(), ("", "-DASIO_NO_DEPRECATED"))


def check_other_compiler(source_dir, scratch):
    pair = other_compiler()
    if not pair:
        skip("a library by another compiler than the program's")
        return
    build_dir = scratch / "build"
    options = ["--buildtype=debug", "-Dunity=on", "-Dunity_size=8", "-Ddefault_library=both", "-Dapps=false", "-Dtests=disabled"]
    run(MESON, "setup", *options, build_dir, source_dir, CC=pair[0], CXX=pair[1])
    run(MESON, "compile", "-C", build_dir)
    check_installation(build_dir, scratch, {"another compiler": CXX})


def main():
    checks = {"installed": check_installed, "subproject": check_subproject, "other_compiler": check_other_compiler}
    with tempfile.TemporaryDirectory() as scratch:
        checks[sys.argv[1]](pathlib.Path(sys.argv[2]), pathlib.Path(scratch))
    print(f"{passed} passed, 0 failed" + (f", {skipped} skipped" if skipped else ""))


main()
