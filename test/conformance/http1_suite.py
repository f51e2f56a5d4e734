#!/usr/bin/env python3
"""What HTTP/1.1 asks of a server (RFC 9110, RFC 9112), shape by shape, over real sockets.

    http1_suite.py CONFORMANCE_SERVER [WORDS]    starts it; with WORDS, only the shapes named with them

Each shape is a sentence and the bytes that show it. One that fails prints what went over the connection."""

import sys

import http1_answered  # noqa: F401, these hold the shapes
import http1_refused  # noqa: F401
import http1_streams  # noqa: F401
from http1_shapes import SHAPES, Server
from strict_http import Wrong


def show(data):
    """As it was, but for what is beyond the first and the last few lines."""
    if len(data) > 1000:
        return f"{show(data[:500])} ... {show(data[-500:])}"
    return repr(bytes(data))[2:-1].replace("\\r\\n", "\\r\\n\n      ")


def run(server, sentence, function):
    """Whether the shape holds."""
    try:
        function(server)
        return True
    except (Wrong, OSError) as problem:
        print(f"FAILED: {sentence}: {problem}")
        if server.open:
            last = server.open[-1]
            print(f"  sent:\n      {show(last.sent)}\n  received:\n      {show(last.received)}")
        return False
    finally:
        server.forget()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program, words = sys.argv[1], " ".join(sys.argv[2:])
    passed = failed = 0
    for echo_all in (False, True):
        server = Server(program, "--port", "0", *(["--echo-all"] if echo_all else []))
        for sentence, function, wants_echo_all in SHAPES:
            if wants_echo_all != echo_all or words not in sentence:
                continue
            if run(server, sentence, function):
                passed += 1
            else:
                failed += 1
        if (code := server.stop()) != 0:
            print(f"FAILED: the server ends with {code}")
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
