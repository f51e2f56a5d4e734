"""Servers to compare Rill with, and Rill itself: how each is built, started and stopped. All keep one contract:

    GET /events     a stream of the events of one topic; its head comes at once
    POST /publish   sends the body, a line of up to 64 KiB, to all of /events as `data: BODY`; 204
    GET /hello      `Hello, World!`, text/plain; charset=utf-8
    GET /firehose   a stream of `data: tokentokentokentoken`, as fast as the client reads
    GET /quiet      a stream of one comment, and then nothing for an hour

Who asks for a stream sends `Accept: text/event-stream`: nchan answers 403 without. better_sse writes `data:` without a
space, after `event:` and `id:`. nchan writes an `id:` too, and a comment after the head; it has no /firehose and
no /quiet, answers 201 or 202 to what is published, and ends a stream with its connection instead of sending chunks.
"""

import contextlib
import dataclasses
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).parent
PATIENCE = 20.0  # seconds for a server to listen
MERCY = 5.0  # seconds for one to end when it is asked to
STEP = 0.02  # seconds between two looks
BUILD_TIME = 600.0  # seconds for a server to be built or installed

EVERYTHING = frozenset({"/events", "/publish", "/hello", "/firehose", "/quiet"})
ASSETS = ("better_sse.mjs", "package.json", "package-lock.json", ".npmrc")


class PeerError(Exception):
    """A server that cannot be built or does not start; it says which, and what it printed."""


@dataclasses.dataclass(frozen=True)
class Peer:
    """A row of the table. The commands have {port}, {threads}, {work} and {build} in them."""

    command: tuple
    threads: bool = False  # whether it can have more than one
    paths: frozenset = EVERYTHING
    says_so: bool = True  # whether it prints that it listens
    workers: bool = False  # whether there is a process for each thread, and one that starts them


PEERS = {
    "rill": Peer(("{build}/test/bench/bench_server", "--port", "{port}", "--threads", "{threads}"), threads=True),
    "bare_asio": Peer(("{build}/test/bench/peers/bare_asio", "--port", "{port}")),
    "raw_epoll": Peer(("{build}/test/bench/raw_epoll", "--port", "{port}")),
    "raw_slice": Peer(("{build}/test/bench/raw_epoll", "--slice", "64", "--port", "{port}")),
    "net_http": Peer(("{work}/net_http", "--port", "{port}", "--threads", "{threads}"), threads=True),
    "better_sse": Peer(("node", "{work}/better_sse/better_sse.mjs", "--port", "{port}")),
    "nchan": Peer(
        ("nginx", "-e", "stderr", "-c", "{work}/nchan/nginx.conf"),
        threads=True,
        paths=EVERYTHING - {"/firehose", "/quiet"},
        says_so=False,
        workers=True,
    ),
}


def paths(name):
    """The paths of the contract that the peer serves."""
    return PEERS[name].paths


def available(name, builddir=None):
    """(True, ""), or (False, why the peer cannot run here); with a build directory also whether it is built."""
    why = ""
    if name == "net_http":
        why = _without("go")
    elif name == "better_sse":
        why = _without("node", "npm") or _old_node()
    elif name == "nchan":
        why = _without("nginx") or _without_nchan()
    elif builddir is not None and not os.access(program := PEERS[name].command[0].format(build=builddir), os.X_OK):
        why = f"{program} is not built"
    return not why, why


def prepare(name, workdir):
    """Builds or installs what the peer needs into the directory, if it is not there. Raises PeerError."""
    work = pathlib.Path(workdir).resolve()
    work.mkdir(parents=True, exist_ok=True)
    if name == "net_http":
        # Go looks itself whether anything has changed.
        cache = {} if "HOME" in os.environ else {"GOCACHE": str(work / "go-cache")}
        _run(name, ["go", "build", "-o", str(work / "net_http"), "net_http.go"], HERE, cache)
    elif name == "better_sse":
        _install_packages(work / "better_sse")
    elif name == "nchan":
        (work / "nchan").mkdir(exist_ok=True)


@contextlib.contextmanager
def on_cpus(cpus):
    """What is started inside may run on these CPUs only; without any, on those that we may use."""
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, cpus or before)
        yield
    finally:
        os.sched_setaffinity(0, before)


def start(name, port, threads, workdir, builddir, cpus=()):
    """Starts the peer, which is prepared, and gives its process, the leader of a group of its own, once it listens.
    What it prints goes to NAME.log in the work directory. With `cpus`, all of it runs on these. Raises PeerError."""
    peer = PEERS[name]
    if threads != 1 and not peer.threads:
        raise PeerError(f"{name} has one thread, not {threads}")
    if _connects(port):
        raise PeerError(f"{name}: somebody else listens on port {port}")
    work = pathlib.Path(workdir).resolve()
    values = {"port": port, "threads": threads, "work": work, "build": pathlib.Path(builddir).resolve()}
    if name == "nchan":
        _fill_in(HERE / "nchan.conf", work / "nchan", port, threads)
    _raise_file_limit()
    log = work / f"{name}.log"
    with log.open("wb") as out, on_cpus(cpus):
        try:
            process = subprocess.Popen(
                [part.format(**values) for part in peer.command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise PeerError(f"{name} does not start: {error}") from error
    try:
        _await_listening(name, peer, process, port, threads, log)
    except BaseException:
        stop(process)
        raise
    return process


def stop(process):
    """Ends the process and its group, and waits for all of them: SIGTERM, and SIGKILL for who does not listen."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        end = time.monotonic() + MERCY
        while (process.poll() is None or cpu_pids(process)) and time.monotonic() < end:
            time.sleep(STEP)
        if process.poll() is not None and not cpu_pids(process):
            break
    process.wait()


def free_port():
    """A port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_pids(process):
    """The ids of all live processes of the group: those whose time and memory count as the server's."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The name before the last bracket may have anything in it; state, parent and group follow.
                state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except (OSError, ValueError):  # it has ended
                continue
            if int(group) == process.pid and state not in "ZX":
                found.append(int(entry.name))
    return sorted(found)


def _without(*commands):
    missing = [command for command in commands if not shutil.which(command)]
    return f"{' and '.join(missing)} not found" if missing else ""


def _old_node():
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    number = re.match(r"v(\d+)\.", version)
    return "" if number and int(number[1]) >= 20 else f"better-sse needs Node 20, this is {version}"


def _without_nchan():
    built = subprocess.run(["nginx", "-V"], capture_output=True, text=True, check=False).stderr
    prefix = re.search(r"--prefix=(\S+)", built)
    module = pathlib.Path(prefix[1] if prefix else "/usr/local/nginx", "modules", "ngx_nchan_module.so")
    return "" if module.exists() else f"nginx has no {module}"


def _run(name, command, directory, environment=None):
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=BUILD_TIME,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PeerError(f"{name}: {' '.join(command)} takes longer than {BUILD_TIME:.0f} seconds") from error
    if done.returncode:
        raise PeerError(f"{name}: {' '.join(command)} failed:\n{done.stdout}")


def _install_packages(directory):
    directory.mkdir(exist_ok=True)
    for asset in ASSETS:
        shutil.copy(HERE / asset, directory)
    lock, stamp = (HERE / "package-lock.json").read_bytes(), directory / "installed.json"
    if not stamp.exists() or stamp.read_bytes() != lock:
        _run("better_sse", ["npm", "ci", "--ignore-scripts"], directory)
        stamp.write_bytes(lock)


def _fill_in(template, directory, port, threads):
    text = template.read_text()
    for name, value in {"PORT": port, "THREADS": threads, "DIR": directory}.items():
        text = text.replace(f"@{name}@", str(value))
    (directory / "nginx.conf").write_text(text)


def _raise_file_limit():
    """A server inherits it, and one that asks for thousands of connections needs it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _connects(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _await_listening(name, peer, process, port, threads, log):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        if b"listening on " in log.read_bytes() if peer.says_so else _connects(port):
            if not peer.workers or len(cpu_pids(process)) > threads:
                return
        time.sleep(STEP)
    ended = f"ended with {process.returncode}" if process.poll() is not None else f"does not listen on port {port}"
    raise PeerError(f"{name} {ended}; it printed:\n{log.read_text(errors='replace')}")
