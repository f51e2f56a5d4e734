"""What stands at both ends of a proxy: the server behind it, clients in front of it, and the way between the two."""

import http.client
import queue
import re
import socket
import subprocess
import threading
import time


class Server:
    """The server behind a proxy. Times are in seconds."""

    def __init__(self, program, comments=15.0, idle=3660.0):
        self.process = subprocess.Popen(
            [program, str(int(comments * 1000)), str(int(idle * 1000))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.draining = False
        self.port = int(re.search(r":(\d+)$", self.process.stdout.readline().strip())[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def drain(self):
        """Asks it to, once: a second signal would cut what still drains."""
        if not self.draining:
            self.draining = True
            self.process.terminate()

    def stop(self):
        """Has it drain, and waits for that."""
        self.drain()
        try:
            _, said = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError("the server does not end") from None
        if self.process.returncode != 0:
            raise RuntimeError(f"the server ended with {self.process.returncode}: {said}")


def ask(port, path, body=None, fields=(), source="127.0.0.1"):
    """Status and text of an answer, over a connection of its own from `source`. `fields` are pairs of names and values."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=(source, 0))
    try:
        connection.putrequest("GET" if body is None else "POST", path, skip_host="Host" in dict(fields))
        for name, value in fields:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode() if body else None)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


class Stream:
    """An event stream that is open: the head and the first bytes of the body have come."""

    def __init__(self, port, path, last_event_id=None):
        fields = {"Accept": "text/event-stream"}
        if last_event_id:
            fields["Last-Event-ID"] = last_event_id
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.connection.request("GET", path, headers=fields)
        self.answer = self.connection.getresponse()
        if self.answer.status != 200:
            raise RuntimeError(f"{path}: {self.answer.status}")
        self.id, self.read = last_event_id, self.answer.read1()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.answer.close()
        self.connection.close()

    def events(self):
        """The data of each event until the proper end of the body. Raises what http.client does if there is another."""
        while True:
            while b"\n\n" in self.read:
                block, self.read = self.read.split(b"\n\n", 1)
                fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if not line.startswith(":"))
                self.id = fields.get("id", self.id)
                if fields.get("event") != "checkpoint":
                    yield fields["data"]
            part = self.answer.read1()
            if not part:
                if not self.answer.chunked:
                    raise RuntimeError("the end of the body is that of the connection: a cut would look the same")
                return
            self.read += part


class Distance:
    """A way to a server that takes time, as there is between two machines: what is sent, and that a connection has ended,
    is known at the other end `delay` seconds later. To the server it comes from `source`."""

    def __init__(self, port, delay, source):
        self.origin, self.delay, self.source = port, delay, source
        self.crossed = 0  # how often something was sent to the server that had just closed the connection
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.origin), source_address=(self.source, 0))
            except OSError:
                return
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ended = threading.Event()  # by the server
            self.carry(near, far, None, ended)
            self.carry(far, near, ended, None)

    def carry(self, source, target, ends, ended):
        on_the_way = queue.SimpleQueue()

        def take():
            part = True
            while part:
                try:
                    part = source.recv(65536)
                except OSError:
                    part = b""
                if not part and ends:
                    ends.set()
                on_the_way.put((time.monotonic() + self.delay, part))

        def bring():
            part = True
            while part:
                due, part = on_the_way.get()
                time.sleep(max(0.0, due - time.monotonic()))
                try:
                    if part and ended and ended.is_set():
                        self.crossed += 1
                        time.sleep(self.delay)
                        source.shutdown(socket.SHUT_RDWR)  # as the server's system answers what nobody reads
                        return
                    if part:
                        target.sendall(part)
                    else:
                        target.shutdown(socket.SHUT_WR)
                except OSError:
                    return

        for job in (take, bring):
            threading.Thread(target=job, daemon=True).start()
