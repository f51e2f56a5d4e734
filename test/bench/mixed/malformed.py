"""Requests that no hub should be asked, and what it may answer."""

HOST = b"Host: localhost\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST
POST = b"POST /topics/odd HTTP/1.1\r\n" + HOST


def with_length(head, body):
    return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


# What is sent, and the statuses of the answers to it.
SHAPES = [
    (b"GET / HTTP/1.1\r\n\r\n", [400]),
    (GET + HOST + b"\r\n", [400]),
    (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", [400]),
    (b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", [400]),
    (b"GET / HTTP/1.1\nHost: localhost\n\n", [400]),
    (b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", [400, 505]),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 505]),
    (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", [400, 405, 501]),
    (b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n", [400, 405, 501]),
    (b"GET /nothing HTTP/1.1\r\n" + HOST + b"\r\n", [404]),
    (b"GET /%zz HTTP/1.1\r\n" + HOST + b"\r\n", [400, 404]),
    (b"GET /topics/odd?start=never HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    (b"GET /topics/a,a HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    (b"DELETE /topics/odd HTTP/1.1\r\n" + HOST + b"\r\n", [405]),
    (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", [414]),
    (GET + b"X: " + b"y" * 17_000 + b"\r\n\r\n", [431]),
    (GET + b"X: y\r\n" * 101 + b"\r\n", [431]),
    (GET + b"X: a\x00b\r\n\r\n", [400]),
    (GET + b"X: a\rb\r\n\r\n", [400]),
    (GET + b"X: a\r\n b\r\n\r\n", [400]),
    (GET + b": a\r\n\r\n", [400]),
    (GET + b"Origin: http://evil.example\r\n\r\n", [403]),
    (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", [403]),
    (b"GET /topics/odd HTTP/1.1\r\n" + HOST + b"Last-Event-ID: " + b"9" * 300 + b"\r\n\r\n", [400]),
    (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", [400]),
    (POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]),
    (POST + b"Content-Length: -1\r\n\r\n", [400]),
    (POST + b"Content-Length: 99999999999999999999\r\n\r\n", [400, 413]),
    (POST + b"Content-Length: 9000000\r\n\r\n", [413]),
    (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", [400, 501]),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n", [400]),
    (POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"e" * 20_000 + b"\r\nx\r\n0\r\n\r\n", [400, 431]),
    (with_length(POST + b"Content-Type: application/json\r\n", b"{"), [400]),
    (with_length(POST + b"Content-Type: application/json\r\n", b"[1]"), [400]),
    (with_length(POST + b"Content-Type: application/json\r\n", b'{"retry":-1}'), [400]),
    (with_length(POST, b"\xff\xfe"), [400]),
    (with_length(b"POST /topics/odd?event=gap HTTP/1.1\r\n" + HOST, b"x"), [400]),
    (with_length(b"POST /topics/a,b HTTP/1.1\r\n" + HOST, b"x"), [400]),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + GET + b"\r\n", [400, 501]),
    (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x7f\0\0\x01\0\1\0\2" + GET + b"\r\n", [400]),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), [400]),
    (b"GET /topics/odd HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
     b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", [200]),
    (b"GET / HTTP/1.0\r\n\r\n", [200, 400]),
    (b"GET /topics/odd HTTP/1.0\r\n" + HOST + b"\r\n", [200]),
    ((GET + b"\r\n") * 8, [200]),
    (with_length(POST, b"x") * 8 + GET + b"\r\n", [204]),
    (with_length(POST + b"Expect: 100-continue\r\n", b"x"), [100, 204]),
    (with_length(POST + b"Expect: the-unexpected\r\n", b"x"), [204, 417]),
    (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", [200, 204, 400, 404, 405]),
    (b"HEAD /topics HTTP/1.1\r\n" + HOST + b"\r\n", [200]),
    (b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"\r\n", [400, 404, 405, 501]),
]

VALID = [
    GET + b"Accept: text/event-stream\r\nLast-Event-ID: 0123456789ab-7\r\n\r\n",
    b"GET /topics/odd?start=earliest HTTP/1.1\r\n" + HOST + b"\r\n",
    with_length(POST + b"Content-Type: application/json\r\n", b'{"data":"x","event":"y","key":"z"}'),
    POST + b"Transfer-Encoding: chunked\r\n\r\n4;a=b\r\nwith\r\n3\r\n it\r\n0\r\nTrailer: x\r\n\r\n",
]


def mutated(chance):
    """A request that was one before some of its bytes were changed; anything may be the answer, or nothing."""
    data = bytearray(chance.choice(VALID))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at:at + chance.randint(1, 9)]
            case 2:
                data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 9)))
            case 3:
                data[at:at] = data[at:at + 40]
        if not data:
            return b"\0"
    return bytes(data)
