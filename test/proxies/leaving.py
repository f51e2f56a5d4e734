#!/usr/bin/env python3
"""Behind a proxy a handler is told that its client has left, in little more than the time between two comments.

    leaving.py PROXIED_SERVER [PROXY...]    with names, only those proxies; without, all that are installed

Most proxies find out only when they write to their client for the second time after it has left: the first write
provokes the reset. So the server sends each comment again a second later."""

import concurrent.futures
import re
import socket
import subprocess
import sys
import time

from proxies import PROXIES

#: Seconds of silence after which the server sends a comment, and after which it repeats that.
COMMENTS, REPEAT = 4.0, 1.0


class Server:
    """The server behind the proxies."""

    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, str(int(COMMENTS * 1000))], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r":(\d+)$", self.process.stdout.readline().strip())[1])

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def request(port, path):
    """A connection on which the first bytes of the answer's body have come."""
    client = socket.create_connection(("127.0.0.1", port), 10)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = b""
    while not re.search(rb"\r\n\r\n.", answer, re.DOTALL):
        part = client.recv(65536)
        if not part:
            raise RuntimeError(f"{path}: the answer ended: {answer}")
        answer += part
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{path}: {answer}")
    return client


def streams_open(port):
    """How many streams the server has."""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(b"GET /open HTTP/1.0\r\n\r\n")
        answer = b""
        while part := client.recv(65536):
            answer += part
    return int(answer.rsplit(b"\n", 1)[1])


def wait_until(condition, seconds):
    """How long it took, or None."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        if condition():
            return time.monotonic() - begin
        time.sleep(0.02)
    return None


def check(kind, program):
    """What went wrong behind this proxy, by case."""
    failures = {}
    for path in ("/handler", "/topic"):
        server = Server(program)  # of its own: it counts
        try:
            proxy = kind(server.port)
            try:
                client = request(proxy.port, path)
                if streams_open(server.port) != 1:
                    raise RuntimeError("the stream is not open")
                time.sleep(COMMENTS / 2)  # the comment is neither just sent nor just due
                client.close()
                taken = wait_until(lambda: streams_open(server.port) == 0, 4 * COMMENTS)
                said = "never" if taken is None else f"after {taken:.1f} s"
                print(f"{kind.__name__} {path}: the server knew {said}", flush=True)
                if taken is None or taken > COMMENTS / 2 + REPEAT + proxy.patience:
                    failures[path] = f"the server knew {said}"
            finally:
                proxy.stop()
        except (OSError, RuntimeError) as problem:
            failures[path] = str(problem)
        finally:
            server.stop()
    return failures


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, names = sys.argv[1], sys.argv[2:]
    wanted = [p for p in PROXIES if p.installed() and (not names or p.__name__ in names)]
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(len(wanted) or 1) as pool:
        for kind, failures in zip(wanted, pool.map(lambda kind: check(kind, program), wanted)):
            passed += 2 - len(failures)
            failed += len(failures)
            for path, problem in failures.items():
                print(f"FAILED: behind {kind.__name__}, {path}: {problem}")
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main())
