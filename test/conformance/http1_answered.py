"""Shapes that are answered."""

import re
import threading
import time

from http1_shapes import CHUNKED, ECHO, GET, accepted, echo, echoed, head, is_echo, is_text, shape
from strict_http import expect

# Heads that are as they should be.

accepted("a GET is answered, whole and byte by byte", GET)
accepted("names of fields match whatever their case", head(b"hOST: a\r\naCCEPT: */*"))
accepted("white space around values is no part of them", head(b"Host:\t a \t\r\nAccept:*/*"))
accepted("a field may be empty", head(b"Host: a\r\nAccept:"))
accepted("values may hold UTF-8 and other bytes beyond ASCII", head(b"Host: a\r\nX: J\xc3\xb6rg \xff\x80"))
accepted("a field may come twice", head(b"Host: a\r\nX: 1\r\nX: 2"))
accepted("an empty line before a request is passed over", b"\r\n" + GET)
accepted("a query is no part of the path", b"GET /?a=b&c=%20 HTTP/1.1\r\nHost: a\r\n\r\n")
accepted("absolute form is a path with its host", b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n")
accepted("absolute form goes before Host", b"GET http://b:80/?x HTTP/1.1\r\nHost: a\r\n\r\n")
accepted("absolute form may lack the path", b"GET http://a HTTP/1.1\r\nHost: a\r\n\r\n")
accepted("Host may have a port", head(b"Host: a:5800"))
accepted("Host may be an IPv4 address", head(b"Host: 127.0.0.1:80"))
accepted("Host may be an IPv6 address", head(b"Host: [2001:db8::1]:8080"))
accepted("dot segments go away", b"GET /a/../b/./%2e%2E/ HTTP/1.1\r\nHost: a\r\n\r\n")
accepted("what climbs above the root stays there", b"GET /../.. HTTP/1.1\r\nHost: a\r\n\r\n")
accepted("Upgrade to h2c is ignored",
         head(b"Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\nUpgrade: h2c"))
accepted("an upgrade to a WebSocket that nobody serves is ignored",
         head(b"Host: a\r\nConnection: upgrade\r\nUpgrade: websocket"))
accepted("the body of a GET is passed over", head(b"Host: a\r\nContent-Length: 5") + b"12345")
accepted("so is one that looks like a request", head(b"Host: a\r\nContent-Length: %d" % len(GET)) + GET)
accepted("100 is not for a request without a body", head(b"Host: a\r\nExpect: 100-continue"))
accepted("as many fields as are allowed", head(b"Host: a\r\n" + b"\r\n".join([b"X: y"] * 99)))
accepted("Connection with options that mean nothing here",
         head(b"Host: a\r\nConnection: TE, foo, keep-alive\r\nTE: trailers"))


@shape("a request cut in two, at any point, is one request")
def _(server):
    connection = server.connect()
    checks = ((GET, lambda: is_text(server, connection)), (echo(b"body"), lambda: is_echo(connection, b"body")))
    for request, check in checks:
        for i in range(1, len(request)):
            connection.send(request[:i])
            time.sleep(0.0005)
            connection.send(request[i:])
            check()


@shape("a large head, within the bounds, is taken")
def _(server):
    answer = server.ask(head(b"Host: a\r\nX: " + b"x" * 15_000))
    expect(answer.status == 200, f"{answer.status}")


@shape("a long target, within the bounds, is looked up")
def _(server):
    answer = server.ask(b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 8000))
    expect(answer.status == 404, f"{answer.status}")


@shape("the body of a GET in chunks is passed over, or ends the connection if nobody knows how long it will be")
def _(server):
    request = head(b"Host: a\r\nTransfer-Encoding: chunked") + b"5\r\n12345\r\n0\r\n\r\n"
    for size in (len(request), 1):
        connection = server.connect()
        connection.send_in_pieces(request, size)
        answer = connection.answer()
        expect(answer.status == 200 and answer.body == server.text, f"{answer.status}")
        if answer.closes():
            connection.end()
        else:
            connection.send(GET)
            is_text(server, connection)


# Routes and methods.


@shape("a path that is not there is 404, and the connection goes on")
def _(server):
    connection = server.connect()
    for path in (b"/nowhere", b"//", b"/echo/", b"/Echo", b"/a?/echo"):
        connection.send(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path)
        expect(connection.answer().status == 404, f"{path!r} is there")
    connection.send(GET)
    is_text(server, connection)


@shape("an escaped letter is the letter, an escaped slash is no slash")
def _(server):
    connection = server.connect()
    for path, status in ((b"/%65cho", 200), (b"/x/%2E%2e/%65c%68o", 200), (b"/echo%2F", 404), (b"/%2Fecho", 404)):
        connection.send(b"POST %s HTTP/1.1\r\nHost: a\r\n\r\n" % path)
        answer = connection.answer("POST")
        expect(answer.status == status, f"{path!r} is {answer.status}")


@shape("a method that the path has not is 405 with Allow, and the connection goes on")
def _(server):
    connection = server.connect()
    for method, path, allowed in (("POST", "/", "GET"), ("DELETE", "/ticks", "GET"), ("GET", "/echo", "POST")):
        connection.send(f"{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        answer = connection.answer(method)
        allow = [name.strip() for name in (answer.field("allow") or "").split(",")]
        expect(answer.status == 405, f"{method} {path} is {answer.status}")
        expect(allowed in allow and method not in allow, f"Allow: {answer.field('allow')}")
        expect(("HEAD" in allow) == (allowed == "GET"), f"Allow: {answer.field('allow')}")
    connection.send(GET)
    is_text(server, connection)


@shape("OPTIONS tells the methods of a path")
def _(server):
    answer = server.ask(b"OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS")
    expect(answer.status in (200, 204), f"{answer.status}")
    expect("POST" in answer.field("allow").split(", "), f"Allow: {answer.field('allow')}")


@shape("OPTIONS * asks about the server")
def _(server):
    answer = server.ask(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS")
    expect(answer.status in (200, 204), f"{answer.status}")
    expect({"GET", "POST"} <= set(answer.field("allow").split(", ")), f"Allow: {answer.field('allow')}")


@shape("OPTIONS of a path that is not there is 404")
def _(server):
    answer = server.ask(b"OPTIONS /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS")
    expect(answer.status == 404, f"{answer.status}")


@shape("HEAD has the head of GET and no body")
def _(server):
    connection = server.connect()
    for path in ("/", "/nowhere", "/echo"):
        heads = []
        for method in ("GET", "HEAD"):
            connection.send(f"{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            answer = connection.answer(method)
            heads.append((answer.status, [field for field in answer.fields if field[0] != "date"]))
        expect(heads[0] == heads[1], f"{heads}")
    connection.send(GET)
    is_text(server, connection)


@shape("HEAD of a stream has its head, and ends")
def _(server):
    connection = server.connect()
    connection.send(b"HEAD /ticks HTTP/1.1\r\nHost: a\r\n\r\n" + GET)
    answer = connection.answer("HEAD")
    expect(answer.status == 200 and answer.field("content-type") == "text/event-stream", "no stream")
    is_text(server, connection)


# Bodies.

echoed("a body comes back", echo(b"Hello, World!"), b"Hello, World!")
echoed("with its type", echo(b"{}", b'Content-Type: application/json; a="b"\r\n'), b"{}", 'application/json; a="b"')
echoed("bytes of all values", echo(bytes(range(256))), bytes(range(256)))
echoed("a body that looks like a request", echo(GET), GET)
echoed("no Content-Length is no body", ECHO + b"\r\n", b"")
echoed("tabs around a value are no part of it", ECHO + b"Content-Length:\t5\t \r\n\r\nhello", b"hello")
echoed("nor around a coding", ECHO + b"Transfer-Encoding:\tchunked\t\r\n\r\n1\r\nx\r\n0\r\n\r\n", b"x")
for value in (b"", b",", b" , 100-continue ,", b"100-continue, 100-continue", b"100-continue\r\nExpect:"):
    echoed(f"the Expect {value.decode()!r} asks for nothing else", echo(b"hello", b"Expect: " + value + b"\r\n"), b"hello")
echoed("a Content-Length of zero is no body", echo(b""), b"")
echoed("zeros before a Content-Length say nothing", ECHO + b"Content-Length: 0003\r\n\r\nabc", b"abc")
echoed("a body of the size that is allowed", echo(b"x" * 1048576), b"x" * 1048576)
echoed("a body in one chunk", CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", b"hello")
echoed("a body in chunks", CHUNKED + b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello")
echoed("a body in a hundred thousand chunks", CHUNKED + b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n", b"x" * 100_000)
echoed("a body of no chunks", CHUNKED + b"0\r\n\r\n", b"")
echoed("a chunk's size in letters of both cases",
       CHUNKED + b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", b"0123456789" * 2)
echoed("zeros before a chunk's size", CHUNKED + b"0000000005\r\nhello\r\n000\r\n\r\n", b"hello")
echoed("line ends in a chunk are data", CHUNKED + b"6\r\n\r\n0\r\n\r\r\n0\r\n\r\n", b"\r\n0\r\n\r")
echoed("extensions of chunks are passed over",
       CHUNKED + b'5;a;b=c;d="\\";\xc3\xb6"\r\nhello\r\n0;last\r\n\r\n', b"hello")
echoed("and so are the blanks around their signs",
       CHUNKED + b'5 ;a\t;\t b = c ; d= "\\";" ;e\r\nhello\r\n0 ; last\r\n\r\n', b"hello")
echoed("trailers are passed over", CHUNKED + b"5\r\nhello\r\n0\r\nContent-Length: 9\r\nX-Sum: 1\r\n\r\n", b"hello")
echoed("a thousand chunks of a byte", CHUNKED + b"1\r\nx\r\n" * 1000 + b"0\r\n\r\n", b"x" * 1000)
echoed("a million chunks of a byte", CHUNKED + b"1;a\r\nx\r\n" * 1_000_000 + b"0\r\n\r\n", b"x" * 1_000_000)
echoed("codings are named in any case", ECHO + b"transfer-encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", b"x")

# Pipelining: the next requests do not wait for the answers.


@shape("pipelined requests are answered in their order")
def _(server):
    for count in (2, 3, 50):
        connection = server.connect()
        connection.send(b"".join(echo(b"%d" % i) for i in range(count)))
        for i in range(count):
            is_echo(connection, b"%d" % i)


@shape("pipelined requests of all kinds, byte by byte")
def _(server):
    connection = server.connect()
    chunked = CHUNKED + b"1\r\nx\r\n0\r\n\r\n"
    requests = [GET, chunked, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", echo(b"y"), b"\r\n" + GET]
    connection.send_in_pieces(b"".join(requests))
    is_text(server, connection)
    is_echo(connection, b"x")
    is_text(server, connection, "HEAD")
    is_echo(connection, b"y")
    is_text(server, connection)


@shape("three thousand pipelined requests in one write")
def _(server):
    connection = server.connect()
    sender = threading.Thread(target=connection.send, args=(GET * 3000,))
    sender.start()
    for _ in range(3000):
        is_text(server, connection)
    sender.join()


@shape("pipelined bodies, more than fits into any buffer")
def _(server):
    connection = server.connect()
    bodies = [bytes([65 + i]) * 300_000 for i in range(10)]
    sender = threading.Thread(target=connection.send, args=(b"".join(map(echo, bodies)),))
    sender.start()
    for body in bodies:
        is_echo(connection, body)
    sender.join()


@shape("nothing behind a refusal is answered, all before it is")
def _(server):
    connection = server.connect()
    connection.send(GET + echo(b"x") + b"GET / HTTP/1.1\r\n\r\n" + GET + GET)
    is_text(server, connection)
    is_echo(connection, b"x")
    answer = connection.answer()
    expect(answer.status == 400 and answer.closes(), f"{answer.status}")
    connection.end()
    connection.lingers()


@shape("nothing behind Connection: close is answered")
def _(server):
    for options in (b"close", b"Close", b"keep-alive, close", b"foo\r\nConnection: close"):
        connection = server.connect()
        connection.send(GET + head(b"Host: a\r\nConnection: " + options) + GET)
        is_text(server, connection)
        expect(connection.answer().closes(), "the close is not said")
        connection.end()
        connection.lingers()


@shape("who sends no more still gets the answers")
def _(server):
    for request in (GET, GET + GET, echo(b"x") + GET, CHUNKED + b"1\r\nx\r\n0\r\n\r\n" + GET):
        connection = server.connect()
        connection.send(request)
        connection.finish()
        for _ in range(request.count(b"HTTP/1.1")):
            expect(connection.answer().status == 200, "no 200")
        connection.end()


@shape("a request that ends too early gets no 2xx")
def _(server):
    for request in (GET[:20], GET[:-1], echo(b"hello")[:-1], CHUNKED + b"5\r\nhello\r\n0\r\n", CHUNKED):
        connection = server.connect()
        connection.send(request)
        connection.finish()
        connection.end() if not connection._fill() else expect(connection.answer().status == 400, "no 400")


@shape("a connection that nothing is sent on is closed without a word")
def _(server):
    connection = server.connect()
    connection.finish()
    connection.end()


# Expect.


@shape("a client that waits is told to continue, and then answered")
def _(server):
    connection = server.connect()
    for _ in range(2):
        connection.send(ECHO + b"Expect: 100-Continue\r\nContent-Length: 5\r\n\r\n")
        expect(connection.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 "), "no 100")
        connection.send(b"hello")
        expect(is_echo(connection, b"hello").interim == [], "a second 100")


@shape("so is one that sends chunks")
def _(server):
    connection = server.connect()
    connection.send(ECHO + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
    expect(connection.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 "), "no 100")
    connection.send(b"5\r\nhello\r\n0\r\n\r\n")
    is_echo(connection, b"hello")


@shape("a client that does not wait needs not be told")
def _(server):
    connection = server.connect()
    connection.send(echo(b"hello", b"Expect: 100-continue\r\n"))
    expect(is_echo(connection, b"hello").interim in ([], [100]), "more than one 1xx")
    connection.send(GET)
    is_text(server, connection)


@shape("a body that nobody reads is not asked for")
def _(server):
    for request in (b"POST /nowhere HTTP/1.1\r\n", b"GET / HTTP/1.1\r\n"):
        connection = server.connect()
        connection.send(request + b"Host: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        answer = connection.answer()
        expect(answer.interim == [] and answer.closes(), "what follows could be the body or a request")
        connection.end()


@shape("a body that is too large is not asked for")
def _(server):
    connection = server.connect()
    connection.send(ECHO + b"Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n")
    answer = connection.answer("POST")
    expect(answer.status in (413, 417), f"{answer.status}")
    expect(answer.interim == [] and answer.closes(), "what follows could be the body or a request")
    connection.end()


# HTTP/1.0.


@shape("HTTP/1.0 needs no Host, and its connections end")
def _(server):
    connection = server.connect()
    connection.send(b"GET / HTTP/1.0\r\n\r\n" + GET)
    answer = connection.answer(version="1.0")
    expect(answer.status == 200 and answer.body == server.text and answer.closes(), f"{answer.status}")
    connection.end()


@shape("HTTP/1.0 may ask to keep the connection")
def _(server):
    connection = server.connect()
    for _ in range(3):
        connection.send(b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
        answer = connection.answer(version="1.0")
        expect(answer.status == 200 and answer.body == server.text, f"{answer.status}")
        expect((answer.field("connection") or "").lower() == "keep-alive", "keep-alive is not said")
    connection.send(b"GET / HTTP/1.0\r\n\r\n")
    expect(connection.answer(version="1.0").closes(), "the close is not said")
    connection.end()


@shape("HTTP/1.0 may send a body")
def _(server):
    answer = server.ask(b"POST /echo HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", "POST", "1.0")
    expect(answer.body == b"hello", f"{answer.body!r}")


@shape("HTTP/1.0 is never told to continue")
def _(server):
    connection = server.connect()
    connection.send(b"POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    time.sleep(0.01)
    connection.send(b"hello")
    expect(connection.answer("POST", "1.0").body == b"hello", "no echo")


@shape("a stream for HTTP/1.0 is not chunked, and ends with its connection")
def _(server):
    connection = server.connect()
    connection.send(b"GET /ticks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    answer = connection.answer(version="1.0", stream=True)
    expect(answer.status == 200 and answer.framing == "close" and answer.closes(), f"{answer.framing}")
    events = connection.until(b"data: 3\n\n")
    expect(re.search(rb"(\A|\n)data: 1\n\n", events) and b"\r" not in events, f"{events!r}")


# A server that answers every method on every path.


@shape("every method on every path is echoed", echo_all=True)
def _(server):
    connection = server.connect()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
        for path in ("/", "/echo", "/a/b/c?d", "/ticks"):
            body = f"{method} {path}".encode()
            connection.send(body + b" HTTP/1.1\r\nHost: a\r\nContent-Type: text/x\r\n")
            connection.send(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            is_echo(connection, body, "text/x")


@shape("HEAD on every path has no body", echo_all=True)
def _(server):
    connection = server.connect()
    for path in (b"/", b"/a"):
        connection.send(b"HEAD %s HTTP/1.1\r\nHost: a\r\n\r\n" % path)
        expect(connection.answer("HEAD").status == 200, "no 200")
