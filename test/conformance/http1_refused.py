"""Shapes that are refused, each with one answer and the end of the connection."""

import os
import threading

from http1_shapes import CHUNKED, ECHO, GET, head, refusal, shape
from strict_http import expect

# Host.

refusal("no Host is refused", b"GET / HTTP/1.1\r\nAccept: */*\r\n\r\n")
refusal("no Host is refused in absolute form too", b"GET http://a/ HTTP/1.1\r\n\r\n")
refusal("two Hosts are refused", head(b"Host: a\r\nHost: b"))
refusal("two equal Hosts are refused", head(b"Host: a\r\nX: y\r\nhost: a"))
for value in (b"", b"a b", b"a, b", b"a/b", b"u@a", b"a:b", b"a:70000", b"[::1", b"[1:2]", b"a%zz", b"http://a"):
    refusal(f"the Host {value.decode()!r} is refused", head(b"Host: " + value))
refusal("two Hosts in HTTP/1.0 are refused", b"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", version="1.0")

# How long the body is must be beyond doubt.

refusal("Transfer-Encoding with Content-Length is refused",
        ECHO + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
refusal("so it is in the other order",
        ECHO + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n")
refusal("Content-Lengths that differ are refused",
        ECHO + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")
refusal("and so are two that do not",
        ECHO + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc")
refusal("chunks in HTTP/1.0 are refused",
        b"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", version="1.0")

for value in ("", "+1", "-1", "1x", "0x1", "1 1", "1, 1", "1,2", "1.0", "1_0", "99999999999999999999", "\xb9"):
    refusal(f"the Content-Length {value!r} is refused",
            ECHO + f"Content-Length: {value}\r\n\r\nx".encode("latin-1"))

UNKNOWN = ("gzip", "gzip, chunked", "identity", "xchunked", "chunked;a=b")
MALFORMED = ("chunked, gzip", "chunked, chunked", "chunked\r\nTransfer-Encoding: chunked", "chunked,", "",
             "\x0bchunked", "chun\x00ked")
for status, values in ((501, UNKNOWN), (400, MALFORMED)):
    for value in values:
        refusal(f"the Transfer-Encoding {value!r} is {status}",
                ECHO + f"Transfer-Encoding: {value}\r\n\r\n0\r\n\r\n".encode(), status)

for size in ("0x1", " 1", "1 ", "\t1", "", "-1", "+1", "g", "1\x00", "1;\x01", "1;=", '1;a="', "1 a", "1; ",
             "1;a ", "1;a b", "1;a\n", "10000000000000000", "00000000000000001"):
    refusal(f"the chunk size {size!r} is refused", CHUNKED + size.encode() + b"\r\nx\r\n0\r\n\r\n")
refusal("a chunk that is larger than anything is 413", CHUNKED + b"ffffffffffffffff\r\nx", 413)
refusal("a chunk longer than it said is refused", CHUNKED + b"1\r\nxy\r\n0\r\n\r\n")
refusal("a chunk size that ends with LF is refused", CHUNKED + b"1\nx\r\n0\r\n\r\n")
refusal("a chunk that ends with LF is refused", CHUNKED + b"1\r\nx\n0\r\n\r\n")
refusal("a chunk that ends with CR is refused", CHUNKED + b"1\r\nx\rx0\r\n\r\n")
refusal("a last chunk that ends with LF is refused", CHUNKED + b"0\r\n\n")
refusal("a folded trailer is refused", CHUNKED + b"0\r\nX: y\r\n z\r\n\r\n")
refusal("a trailer that is no field is refused", CHUNKED + b"0\r\nX y\r\n\r\n")

# Heads that are not as they should be.

refusal("a bare CR in a value is refused", head(b"Host: a\r\nX: y\rZ: z"))
refusal("a line that ends with CR is refused", b"GET / HTTP/1.1\rHost: a\r\r")
refusal("lines that end with LF are refused", b"GET / HTTP/1.1\nHost: a\n\n")
refusal("a first line that ends with LF is refused", b"GET / HTTP/1.1\nHost: a\r\n\r\n")
refusal("a field that ends with LF is refused", b"GET / HTTP/1.1\r\nHost: a\n\r\n")
refusal("a head that ends with LF is refused", b"GET / HTTP/1.1\r\nHost: a\r\n\n")
refusal("a line folded with a space is refused", head(b"Host: a\r\nX: y\r\n z"))
refusal("a line folded with a tab is refused", head(b"Host: a\r\nX: y\r\n\tz"))
refusal("a first field with a space before it is refused", head(b" Host: a"))
refusal("a space before the colon is refused", head(b"Host : a"))
refusal("a field without a name is refused", head(b"Host: a\r\n: x"))
refusal("a field without a colon is refused", head(b"Host: a\r\nX"))
for c in (b"\x00", b"\x01", b"\x0b", b"\x7f", b"\x1b"):
    refusal(f"the control character {c!r} in a value is refused", head(b"Host: a\r\nX: " + c))
for c in (b" ", b"@", b"(", b"\"", b"\x00", b"\x80"):
    refusal(f"{c!r} in a name is refused", head(b"Host: a\r\nX" + c + b"Y: z"))
for target in ("", "index", "*", "/\x00", "/\xc3\xb6", "/a b", "/#a", "/%", "/%zz", "/a\tb", "ftp://a/", "http://",
               "http:/a"):
    refusal(f"the target {target!r} is refused", f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode("latin-1"))
for line in ("GET /", "GET  / HTTP/1.1", "GET\t/\tHTTP/1.1", "GET / HTTP/1.1 ", "GET / HTTP/1.1x", "GET / http/1.1",
             "GET / HTTP/1", "GET / HTTP/01.1", "GET / HTTP/1.10", "GET / HTP/1.1", " GET / HTTP/1.1",
             "G@T / HTTP/1.1", "/ HTTP/1.1"):
    refusal(f"the line {line!r} is refused", f"{line}\r\nHost: a\r\n\r\n".encode())
refusal("another expectation is 417", ECHO + b"Expect: 200-ok\r\nContent-Length: 1\r\n\r\nx", 417)
refusal("a method that nobody knows is 501", b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501)
refusal("a method in lower case is another one", b"get / HTTP/1.1\r\nHost: a\r\n\r\n", 501)
refusal("a method without an end is refused", b"G" * 1000, 501, 400)
refusal("CONNECT is refused", b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501, 405, 400)
for version in (b"2.0", b"3.0", b"0.9"):
    refusal(f"HTTP/{version.decode()} is 505", b"GET / HTTP/" + version + b"\r\nHost: a\r\n\r\n", 505)
refusal("the preface of HTTP/2 is refused", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), 505, 400)
refusal("a TLS hello is refused", bytes.fromhex("16030100050100000103030000"))
refusal("another protocol's greeting is refused", b"EHLO example.org\r\n", 400, 501)
refusal("zeros are refused", bytes(100))
refusal("three empty lines are no request", b"\r\n\r\n\r\n")

# More than the server is ready for.

refusal("a target that is too long is 414", b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 8192), 414)
refusal("a target that never ends is 414", b"GET /" + b"x" * 100_000, 414)
refusal("a head that is too large is 431", head(b"Host: a\r\nX: " + b"x" * 16384), 431)
refusal("a name that never ends is 431", b"GET / HTTP/1.1\r\nHost: a\r\n" + b"x" * 100_000, 431)
refusal("too many fields are 431", head(b"Host: a\r\n" + b"\r\n".join([b"X: y"] * 100)), 431)
refusal("too many trailers are 431", CHUNKED + b"0\r\n" + b"X: y\r\n" * 101 + b"\r\n", 431)
refusal("a Content-Length beyond the bound is 413", ECHO + b"Content-Length: 1048577\r\n\r\nx", 413)
refusal("a Content-Length beyond all bounds is 413",
        ECHO + b"Content-Length: 18446744073709551615\r\n\r\nx", 413)
refusal("chunks that grow beyond the bound are 413",
        CHUNKED + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 17, 413)
refusal("extensions that never end are refused", CHUNKED + b"1;" + b"x" * 100_000, 400, 431)


@shape("a client that goes on sending what is refused can read why")
def _(server):
    connection = server.connect()
    connection.send(ECHO + b"Content-Length: 100000000\r\n\r\n")
    sender = threading.Thread(target=connection.send, args=(b"x" * 8_000_000,))
    sender.start()
    sender.join()
    answer = connection.answer("POST")
    expect(answer.status == 413 and answer.closes(), f"{answer.status}")
    connection.end()


@shape("bytes by chance are refused, or are nothing yet")
def _(server):
    for _ in range(100):
        connection = server.connect()
        connection.send(os.urandom(300))
        connection.finish()
        if connection._fill():
            answer = connection.answer()
            expect(answer.status in (400, 431, 501) and answer.closes(), f"{answer.status}")
        connection.end()
