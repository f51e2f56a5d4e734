"""What the shapes of the suite are made of: requests, and checks that many of them share."""

import re
import subprocess
import sys

from strict_http import Connection, expect

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
ECHO = b"POST /echo HTTP/1.1\r\nHost: a\r\n"
CHUNKED = ECHO + b"Transfer-Encoding: chunked\r\n\r\n"


def echo(body, fields=b""):
    return ECHO + b"%sContent-Length: %d\r\n\r\n%s" % (fields, len(body), body)


def head(fields):
    """A GET with these field lines."""
    return b"GET / HTTP/1.1\r\n" + fields + b"\r\n\r\n"


SHAPES = []  # (sentence, function, whether the server echoes all)


def shape(sentence, echo_all=False):
    def keep(function):
        SHAPES.append((sentence, function, echo_all))
        return function

    return keep


class Server:
    """A conformance_server, and the connections that a shape has opened to it."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on http://([0-9.]+):(\d+)\n", line)
        if not found:
            sys.exit(f"http1_suite: the server said {line!r} instead of where it listens")
        self.address = (found[1], int(found[2]))
        self.open = []
        self.text = self.ask(GET).body  # what all GETs of / are answered with
        self.forget()

    def connect(self):
        self.open.append(Connection(self.address))
        return self.open[-1]

    def ask(self, data, method="GET", version="1.1"):
        connection = self.connect()
        connection.send(data)
        return connection.answer(method, version)

    def forget(self):
        for connection in self.open:
            connection.close()
        self.open = []

    def stop(self):
        self.process.terminate()
        return self.process.wait(10)


# Checks that many shapes share.


def is_text(server, connection, method="GET"):
    """The answer to a GET or HEAD of /, after which the connection goes on."""
    answer = connection.answer(method)
    expect(answer.status == 200, f"{answer.status}")
    expect((answer.field("content-type") or "").startswith("text/plain"), "no text")
    expect(answer.body == (b"" if method == "HEAD" else server.text), f"another text: {answer.body!r}")
    expect(not answer.closes(), "the connection closes")
    return answer


def is_echo(connection, body, type_=None):
    answer = connection.answer("POST")
    expect(answer.status == 200, f"{answer.status}: {answer.body!r}")
    expect(answer.body == body, f"another body: {answer.body[:200]!r}")
    expect(type_ in (None, answer.field("content-type")), f"another type: {answer.field('content-type')}")
    return answer


def refuses(server, request, statuses, version="1.1"):
    """One answer, with one of the statuses, and the end of the connection, which can be read whatever the client
    still sends. The same however the request is cut up."""
    cuts = [len(request)] + ([1] if len(request) < 500 else [])
    for size in cuts:
        connection = server.connect()
        connection.send_in_pieces(request, size)
        connection.send(GET)
        answer = connection.answer("HEAD" if request.startswith(b"HEAD ") else "GET", version)
        expect(answer.status in statuses, f"{answer.status} instead of {statuses}: {answer.body!r}")
        expect(answer.closes(), "a refusal without Connection: close")
        connection.end()
        connection.lingers()


def refusal(sentence, request, *statuses, version="1.1"):
    shape(sentence)(lambda server: refuses(server, request, statuses or (400,), version))


def accepted(sentence, request):
    """A request for / that is as good as any, whole and byte by byte, and so is the connection behind it."""

    def check(server):
        for size in (len(request), 1):
            connection = server.connect()
            connection.send_in_pieces(request, size)
            is_text(server, connection)
            connection.send(GET)
            is_text(server, connection)

    shape(sentence)(check)


def echoed(sentence, request, body, type_=None):
    """A request for /echo, whole and byte by byte, and the connection goes on."""

    def check(server):
        for size in (len(request), 1 if len(request) < 2000 else 1000):
            connection = server.connect()
            connection.send_in_pieces(request, size)
            is_echo(connection, body, type_)
            connection.send(GET)
            is_text(server, connection)

    shape(sentence)(check)
