"""What ends behind a proxy: clients that leave, a server that drains, connections that it closes. Each case takes a class of
proxies and the server's program, and raises what is wrong."""

import concurrent.futures
import http.client
import time

from proxied import Distance, Server, Stream, ask

#: Seconds of silence after which the server sends a comment, and after which it repeats that.
COMMENTS, REPEAT = 4.0, 1.0
#: Seconds that a connection is open between two requests, and that the way to the server takes, in `closing`.
KEPT, DELAY = 0.2, 0.02


def leaving(kind, program):
    """The server is told that a client has left within the time that docs/deploy.md gives."""
    bound = 1.0 if kind.tells_at_once else COMMENTS / 2 + REPEAT + 1.5
    for path in ("/handler", "/topic"):
        with Server(program, comments=COMMENTS) as server, kind(server.port) as proxy:  # of its own: it counts
            with Stream(proxy.port, path):
                if ask(server.port, "/open")[1] != "1":
                    raise RuntimeError("the stream is not open")
                time.sleep(COMMENTS / 2)  # the comment is neither just sent nor just due
            begin = time.monotonic()
            while ask(server.port, "/open")[1] != "0" and time.monotonic() - begin < 4 * COMMENTS:
                time.sleep(0.02)
            taken = time.monotonic() - begin
            print(f"{kind.__name__} {path}: the server knew after {taken:.1f} s", flush=True)
            if taken > bound:
                raise RuntimeError(f"{path}: the server knew after {taken:.1f} s")


def draining(kind, program):
    """A server that drains ends its streams properly, answers what it was asked, and exits with 0."""
    with Server(program) as server, kind(server.port) as proxy, concurrent.futures.ThreadPoolExecutor() as pool:
        ask(proxy.port, "/fields")  # leaves an idle connection, perhaps
        with Stream(proxy.port, "/handler") as handler, Stream(proxy.port, "/topic") as topic:
            slow = pool.submit(ask, proxy.port, "/slow")
            time.sleep(0.3)
            begin = time.monotonic()
            server.drain()
            if list(handler.events()) != ["hello"] or list(topic.events()) != []:
                raise RuntimeError("other events came")
            if time.monotonic() - begin > 5:
                raise RuntimeError("the streams ended late")
            if slow.result() != (200, "at last"):
                raise RuntimeError(f"the request on its way was answered {slow.result()}")


class Client:
    """Asks one thing after the other, over one connection if `kept`, and counts what becomes of it."""

    def __init__(self, port, kept):
        self.port, self.kept, self.connection = port, kept, None
        self.answered = self.failed = self.dropped = 0

    def ask(self, method):
        again = self.connection is not None
        self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            self.connection.request(method, "/echo", "said" if method == "POST" else None)
            answer = self.connection.getresponse()
            answer.read()
        except (http.client.RemoteDisconnected, ConnectionError):
            self.connection.close()
            self.connection = None
            if again:
                self.dropped += 1  # the client may ask again: RFC 9112 §9.3.1
            else:
                self.failed += 1
            return
        if answer.status == 200:
            self.answered += 1
        else:
            self.failed += 1
        if not self.kept or answer.will_close:
            self.connection.close()
            self.connection = None


def closing(kind, program):
    """A request that crosses the close of its connection: a GET is answered, a POST is never done twice."""
    with Server(program, idle=KEPT) as server, Distance(server.port, DELAY, kind.source) as way, kind(way.port) as proxy:
        for method in ("GET", "POST"):
            for kept in (False, True):
                client = Client(proxy.port, kept)
                before, crossed = int(ask(server.port, "/echo")[1]), way.crossed
                for n in range(24):
                    client.ask(method)
                    time.sleep(KEPT - 2 * DELAY + 1.5 * DELAY * n / 24)
                crossed, done = way.crossed - crossed, int(ask(server.port, "/echo")[1]) - before
                what = f"{method} over {'one connection' if kept else 'new connections'}"
                said = (f"{crossed} crossed a close, {client.answered} were answered, {client.failed} failed, "
                        f"{client.dropped} were dropped for the client to repeat")
                print(f"{kind.__name__}, {what}: {said}", flush=True)
                if method == "POST" and done != client.answered:
                    raise RuntimeError(f"{what}: {said}, but {done} were done")
                if method == "GET" and kind.repeats_get and client.answered != 24:
                    raise RuntimeError(f"{what}: {said}")
                if kept and crossed == 0:
                    raise RuntimeError(f"{what}: none crossed a close, so nothing was tested")
