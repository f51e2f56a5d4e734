"""Runs load with small numbers against our servers of its contract, to see that both keep it, and against servers that
break it, to see that load says so. Nothing is measured.

    check_load.py LOAD BUILD_DIRECTORY
"""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "peers"))
import peers  # noqa: E402

PATIENCE = 100  # seconds; servers that watch themselves are slow
CONNECTIONS = 20
AHEAD = 16
SHORT = ("--seconds", 0.6, "--warm-up", 0.2)
FAN_OUT = ("broadcast", "--ahead", AHEAD, *SHORT)
SERVERS = ("rill", "raw_epoll", "raw_slice", "bare_asio")


class Wrong(Exception):
    """What is not as it should be."""


def run(load, arguments, port, pids):
    """(exit code, output, errors) of load."""
    command = [load, *arguments, "--port", port, "--pid", *pids]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stdout, done.stderr


def expect(condition, *what):
    if not condition:
        raise Wrong(" ".join(map(str, what)))


def are_delivered(result):
    expect(result["deliveries"] > 0 and result["published"] > 0, "nothing came:", result)
    beyond = abs(result["deliveries"] - result["published"] * CONNECTIONS)
    expect(beyond <= AHEAD * CONNECTIONS, "too many or too few came:", result)
    expect(0 < result["p50_seconds"] <= result["p99_seconds"], "times are not ordered:", result)
    expect(result["per_cpu_second"] > 0, "they cost nothing:", result)


def are_counted(what):
    def check(result):
        expect(result[what] > 0 and result["per_cpu_second"] > 0, "nothing came:", result)

    return check


def are_connected(result):
    expect(result["per_second"] > 0 and "resident_each" in result, "no figures:", result)


def is_over(result):
    expect(result["seconds"] > 0 and result["growth"] >= 0, "no figures:", result)


SCENARIOS = {
    "events as fast as they go": (FAN_OUT, are_delivered),
    "events at a rate": ((*FAN_OUT, "--rate", 100), are_delivered),
    "subscribers without events": (("idle",), are_connected),
    "streams that say nothing": (("idle", "--path", "/quiet"), are_connected),
    "streams without end": (("firehose", "--path", "/firehose", *SHORT), are_counted("events")),
    "requests": (("hello", *SHORT), are_counted("requests")),
    "subscribers that never read": (("stuck", "--stuck", 2, "--events", 50, "--size", 1000), is_over),
}


class BrokenServer:
    """Sends each event to all, but one: that one as often as `times` says; or answers as `refusal` says."""

    BROKEN = b"data: 0000000003 "

    def __init__(self, times=1, refusal=b""):
        self.times, self.refusal = times, refusal
        self.lock, self.streams = threading.Lock(), []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError):  # the client goes when it has seen enough
            requests = connection.makefile("rb")
            while line := requests.readline():
                fields = iter(lambda: requests.readline().lower().strip(), b"")
                length = dict(field.split(b": ", 1) for field in fields).get(b"content-length", 0)
                body = requests.read(int(length))
                with self.lock:
                    self.answer(connection, line, body)

    def answer(self, connection, line, body):
        if self.refusal:
            connection.sendall(self.refusal)
        elif line.startswith(b"GET /events "):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            self.streams.append(connection)
        else:
            self.publish(b"data: %b\n\n" % body)
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    def publish(self, event):
        for stream in self.streams:
            stream.sendall(event * (self.times if event.startswith(self.BROKEN) else 1))


BROKEN = {
    "loses an event": ({"times": 0}, "got event 4 instead of 3"),
    "repeats an event": ({"times": 2}, "got event 3 instead of 4"),
    "refuses": ({"refusal": b"HTTP/1.1 503 Service Unavailable\r\n\r\n"}, "answered with HTTP/1.1 503"),
    "is no HTTP server": ({"refusal": b"220 ready\r\n\r\n"}, "answered with 220 ready"),
}

BAD_OPTIONS = {
    "no scenario": (),
    "an unknown scenario": ("dance",),
    "an unknown option": ("idle", "--frob"),
    "no connections": ("idle", "--connections", 0),
    "a number that is none": ("idle", "--connections", "many"),
    "events that are too small": ("broadcast", "--size", 31),
    "stuck without how many": ("stuck", "--events", 10),
}


def fails(load, code, reason, arguments, port=1):
    """Checks that load ends with the code, and says the reason in one line."""
    ended, output, errors = run(load, arguments, port, [os.getpid()])
    expect(ended == code and not output, f"ended with {ended} and said {errors!r}, printed {output!r}")
    expect(errors.startswith("load: ") and errors.count("\n") == 1 and reason in errors, f"said {errors!r}")


def holds(name, case):
    """Whether what is called does not say that something is wrong."""
    try:
        case()
        return True
    except (Wrong, peers.PeerError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as problem:
        print(f"FAILED: {name}: {problem}")
        return False


class Ours:
    """A server of ours, and what load is to measure with it."""

    def __init__(self, name, load, build, work):
        self.name, self.load = name, load
        self.log = pathlib.Path(work, f"{name}.log")
        self.port = peers.free_port()
        self.process = peers.start(name, self.port, 1, work, build)

    def bear_all(self):
        """For each scenario, whether it goes well."""
        return [
            holds(f"{self.name}: {name}", lambda a=arguments, c=check: self.bear(a, c))
            for name, (arguments, check) in SCENARIOS.items()
        ]

    def bear(self, arguments, check):
        command = [*arguments, "--connections", CONNECTIONS]
        code, output, errors = run(self.load, command, self.port, peers.cpu_pids(self.process))
        expect(code == 0 and not errors, f"load ended with {code} and said {errors!r};", self.printed())
        check(json.loads(output))

    def end(self):
        expect(self.process.poll() is None, "it has ended by itself;", self.printed())
        peers.stop(self.process)
        ended = self.process.returncode
        expect(ended in (0, -signal.SIGTERM), f"it ended with {ended};", self.printed())

    def printed(self):
        return "it printed " + self.log.read_text(errors="replace")


def check_ours(load, build):
    """The servers at once, and for each one scenario after the other; for each check, whether it went well."""
    servers, passed = [], []
    with tempfile.TemporaryDirectory() as work:
        try:
            for name in SERVERS:
                passed.append(holds(f"{name} starts", lambda n=name: servers.append(Ours(n, load, build, work))))
            with concurrent.futures.ThreadPoolExecutor(len(SERVERS)) as pool:
                for results in pool.map(Ours.bear_all, servers):
                    passed += results
            passed += [holds(f"{server.name} ends when it is told to", server.end) for server in servers]
        finally:
            for server in servers:
                if server.process.poll() is None:
                    peers.stop(server.process)
    return passed


def check_failures(load):
    """For each way to fail, whether load does so."""
    fan_out = [*FAN_OUT, "--connections", CONNECTIONS]
    cases = {
        f"load sees that a server {name}": lambda h=how, r=reason: fails(load, 1, r, fan_out, BrokenServer(**h).port)
        for name, (how, reason) in BROKEN.items()
    }
    cases["load sees that nobody listens"] = lambda: fails(load, 1, "connect: ", ["idle"], peers.free_port())
    for name, arguments in BAD_OPTIONS.items():
        cases[f"load refuses {name}"] = lambda a=arguments: fails(load, 2, "", a)
    return [holds(name, case) for name, case in cases.items()]


def main():
    if len(sys.argv) != 3:
        print("usage: check_load.py LOAD BUILD_DIRECTORY", file=sys.stderr)
        return 2
    load, build = sys.argv[1:]
    passed = check_ours(load, build) + check_failures(load)
    print(f"{passed.count(True)} passed, {passed.count(False)} failed")
    return int(not all(passed))


if __name__ == "__main__":
    sys.exit(main())
