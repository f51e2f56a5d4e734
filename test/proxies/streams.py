"""Event streams behind a proxy: in time, for a long time, without a loss, and to their ends. Each case takes a class of
proxies and the server's program, and raises what is wrong."""

import http.client
import threading
import time

from proxied import Server, Stream, ask

#: The most that an event may be on its way, in seconds.
LATEST = 0.05
#: Seconds of silence that a stream must bear.
IDLE = 100


def one_by_one(kind, program):
    """Each event comes within 50 ms, while nothing else is on its way."""
    with Server(program) as server, kind(server.port) as proxy:
        for _ in range(2):  # a machine that does something else for a moment is no fault of the proxy's
            delays = []
            with Stream(proxy.port, "/ticks") as stream:
                for sent in stream.events():
                    delays.append(time.monotonic() - int(sent) / 1e9)
                    if len(delays) == 30:
                        break
            print(f"{kind.__name__}: an event takes {1000 * max(delays):.1f} ms at most", flush=True)
            if max(delays) <= LATEST:
                return
    raise RuntimeError(f"events are late, by up to {1000 * max(delays):.0f} ms")


def idle(kind, program):
    """A stream that is silent for 100 s stays open, and the next event comes."""
    with Server(program) as server, kind(server.port) as proxy, Stream(proxy.port, "/room") as stream:
        time.sleep(IDLE)
        ask(server.port, "/room", "still there?")
        if next(stream.events()) != "still there?":
            raise RuntimeError("another event came")


def resumed(kind, program):
    """A client that comes back with Last-Event-ID, again and again, misses nothing and gets nothing twice."""
    expected = [str(n) for n in range(100)]
    with Server(program) as server, kind(server.port) as proxy:
        stream = Stream(proxy.port, "/room")

        def publish():
            for text in expected:
                ask(server.port, "/room", text)
                time.sleep(0.005)

        publisher = threading.Thread(target=publish)
        publisher.start()
        got = []
        try:
            while len(got) < len(expected):
                for data in stream.events():
                    got.append(data)
                    if len(got) % 7 == 0 or len(got) == len(expected):
                        break
                stream.close()
                stream = Stream(proxy.port, "/room", stream.id)
        finally:
            stream.close()
            publisher.join()
    if got != expected:
        raise RuntimeError(f"these came: {got}")


def torn(kind, program):
    """A stream that the server cuts does not look complete, unless the proxy is known to hide that."""
    for killed in (False, True):
        server = Server(program)
        try:
            with kind(server.port) as proxy, Stream(proxy.port, "/handler" if killed else "/torn") as stream:
                events = stream.events()
                next(events)
                if killed:
                    server.process.kill()
                try:
                    for _ in events:
                        pass
                    seen = False
                except (http.client.IncompleteRead, ConnectionError):
                    seen = True
        finally:
            if killed:
                server.process.communicate()
            else:
                server.stop()
        if not seen and kind.hides_cuts:
            print(f"{kind.__name__}: a stream that was cut looks complete", flush=True)
        elif not seen:
            raise RuntimeError(f"a stream {'whose server was killed' if killed else 'that was torn'} looks complete")


def forwarded(kind, program):
    """The server is told the client's address, and the scheme and the host that it asked for, in the last value of each
    field, whatever the client has written there itself."""
    host = "events.example:8080"
    given = [("Host", host), ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "203.0.113.8"),
             ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "other.example")]
    with Server(program) as server, kind(server.port) as proxy:
        status, text = ask(proxy.port, "/fields", fields=given)
    told = {}
    for line in text.splitlines():
        name, value = line.split(": ", 1)
        told.setdefault(name.lower(), []).extend(value.split(", "))
    last = {name: values[-1] for name, values in told.items()}
    if status != 200 or told.get("host") != [host]:
        raise RuntimeError(f"{status}: {text}")
    if (last.get("x-forwarded-for"), last.get("x-forwarded-proto")) != ("127.0.0.1", "http"):
        raise RuntimeError(f"the last address or scheme is not the proxy's: {text}")
    if last.get("x-forwarded-host") != host:
        raise RuntimeError(f"the last host is not the proxy's: {text}")


def named(kind, program):
    """A server that trusts the proxy knows the client by its address, and what it has asked for, whatever the client has
    written itself."""
    host, client = "events.example:8080", "127.0.0.2"
    given = [("Host", host), ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https"),
             ("X-Forwarded-Host", "other.example")]
    with Server(program) as server, kind(server.port) as proxy:
        answer = ask(proxy.port, "/whoami", fields=given, source=client)
    if answer != (200, f"{client} http {host}"):
        raise RuntimeError(f"it is told {answer}")
