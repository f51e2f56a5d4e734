"""A client that forgives nothing: it reads answers as RFC 9110 and RFC 9112 have them, and raises `Wrong` at the
first byte that is out of place. It knows nothing of the server but its address."""

import re
import select
import socket
import time
from email.utils import parsedate_to_datetime

PATIENCE = 10.0  # seconds for an answer; only a server that hangs takes so long

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) ([\t -~\x80-\xff]*)\Z")
FIELD_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\x80-\xff]*)\Z")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z][a-z] \d{4} \d\d:\d\d:\d\d GMT\Z")
ONCE = ("date", "content-length", "content-type", "transfer-encoding", "connection", "allow")


class Wrong(Exception):
    """What the server sent, or did not send, is not what it should be."""


def expect(condition, what):
    if not condition:
        raise Wrong(what)


class Answer:
    """A response: its head, and its body if that has an end."""

    def __init__(self, status, fields):
        self.status = status
        self.fields = fields
        self.body = b""
        self.chunks = None  # the data of each chunk, where the body came in chunks
        self.framing = "none"  # or "length", "chunked", "close"
        self.interim = []  # the statuses of the 1xx that came before it

    def all(self, name):
        return [value for key, value in self.fields if key == name]

    def field(self, name):
        values = self.all(name)
        return values[0] if values else None

    def closes(self):
        return "close" in [option.strip().lower() for option in (self.field("connection") or "").split(",")]


class Connection:
    """One connection. It remembers both directions, to show them where something is wrong."""

    def __init__(self, address):
        self.sent = bytearray()
        self.received = bytearray()
        self.at = 0  # what of `received` has been read
        self.socket = socket.create_connection(address, PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        self.socket.close()

    def send(self, data):
        self.sent += data
        self.socket.sendall(data)

    def send_in_pieces(self, data, size=1):
        """In pieces that the server gets one by one, as far as a socket lets one say that."""
        for i in range(0, len(data), size):
            if i:
                time.sleep(0.0002)
            self.send(data[i : i + size])

    def finish(self):
        """Sends no more."""
        self.socket.shutdown(socket.SHUT_WR)

    # What the server sends.

    def answer(self, method="GET", version="1.1", stream=False):
        """The next answer, to a request of this method and version. Of a `stream` only the head is read."""
        interim = []
        while True:
            answer = self._head()
            if answer.status >= 200:
                break
            expect(version != "1.0", "a 1xx for HTTP/1.0")
            expect(answer.status != 101, "a 101 that nobody asked for")
            framed = answer.all("content-length") or answer.all("transfer-encoding")
            expect(not framed, "a 1xx with framing")
            interim.append(answer.status)
        answer.interim = interim
        self._check_date(answer)
        self._find_framing(answer, method, version)
        if answer.framing == "length":
            answer.body = self._take(int(answer.field("content-length")))
        elif answer.framing == "chunked" and not stream:
            answer.chunks = list(iter(self.chunk, b""))
            answer.body = b"".join(answer.chunks)
        elif answer.framing == "close" and not stream:
            while self._fill():
                pass
            answer.body = self._take(len(self.received) - self.at)
        return answer

    def chunk(self):
        """The data of the next chunk; of the last one, which ends the body, none."""
        line = self._line()
        expect(re.fullmatch(rb"[0-9A-Fa-f]{1,16}", line), f"a chunk of the size {line!r}")
        data = self._take(int(line, 16))
        expect(self._take(2) == b"\r\n", "a chunk without CRLF at its end")
        return data

    def until(self, mark):
        """All up to and with `mark`."""
        while (found := self.received.find(mark, self.at)) < 0:
            expect(self._fill(), f"the connection ended before {mark!r}")
        return self._take(found + len(mark) - self.at)

    def end(self):
        """The server sends no more and says so, with a FIN."""
        while self._fill():
            pass
        expect(self.at == len(self.received), "bytes behind the last answer")

    def lingers(self):
        """After `end`: what is sent now is taken without a reset, which might eat the answer on its way."""
        for _ in range(3):
            self.send(b"the client is still in the middle of its request\r\n" * 100)
        poll = select.poll()
        poll.register(self.socket, 0)
        expect(not any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(5)), "a reset")

    # Reading.

    def _fill(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            raise Wrong("a reset") from None
        except TimeoutError:
            raise Wrong("nothing comes any more") from None
        self.received += data
        return bool(data)

    def _take(self, size):
        while len(self.received) - self.at < size:
            expect(self._fill(), "the connection ended in the middle of an answer")
        self.at += size
        return bytes(self.received[self.at - size : self.at])

    def _line(self):
        while (end := self.received.find(b"\n", self.at)) < 0:
            expect(self._fill(), "the connection ended where a line should be")
        line = self._take(end + 1 - self.at)
        expect(line.endswith(b"\r\n"), f"a line that ends with LF alone: {line!r}")
        return line[:-2]

    def _head(self):
        line = self._line()
        matched = STATUS_LINE.match(line)
        expect(matched, f"no status line: {line!r}")
        fields = []
        while line := self._line():
            field = FIELD_LINE.match(line)
            expect(field, f"no field: {line!r}")
            fields.append((field[1].decode().lower(), field[2].decode("latin-1").strip(" \t")))
        for name in ONCE:
            expect(sum(name == key for key, _ in fields) <= 1, f"more than one {name}")
        return Answer(int(matched[1]), fields)

    @staticmethod
    def _check_date(answer):
        date = answer.field("date")
        expect(date is not None, "no Date")
        expect(DATE.match(date), f"a Date that is none: {date}")
        when = parsedate_to_datetime(date)
        expect(when.strftime("%a, %d %b %Y %H:%M:%S GMT") == date, f"a Date of another day: {date}")
        expect(abs(when.timestamp() - time.time()) < 5, f"a Date that is not now: {date}")

    @staticmethod
    def _find_framing(answer, method, version):
        length, coding = answer.field("content-length"), answer.field("transfer-encoding")
        expect(length is None or coding is None, "both Content-Length and Transfer-Encoding")
        expect(length is None or re.fullmatch(r"\d+", length), f"Content-Length: {length}")
        expect(coding is None or coding == "chunked", f"Transfer-Encoding: {coding}")
        expect(coding is None or version != "1.0", "Transfer-Encoding for HTTP/1.0")
        if answer.status in (204, 304):
            expect(length is None and coding is None, f"a {answer.status} with framing")
        elif method == "HEAD":
            pass
        elif length is not None:
            answer.framing = "length"
        elif coding is not None:
            answer.framing = "chunked"
        else:
            expect(answer.closes(), "a body without an end on a connection that stays open")
            answer.framing = "close"
