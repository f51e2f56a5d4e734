"""Event streams as a client reads them, and what must be true of their events."""

import asyncio
import json
import re
import socket
import struct

from hubs import Broken

PATIENCE = 20  # seconds for an answer


class Ended(Exception):
    """The connection is over; a client comes back."""


class Connection:
    """A socket to a hub. With `receive_buffer` the system holds about so many bytes that are not read."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, hub, receive_buffer=None, tls=True):
        sock = socket.socket()
        try:
            sock.setblocking(False)
            if receive_buffer:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", hub.port))
            secure = {"ssl": hub.tls, "server_hostname": "localhost"} if hub.tls and tls else {}
            async with asyncio.timeout(PATIENCE):
                return cls(*await asyncio.open_connection(sock=sock, limit=receive_buffer or 65536, **secure))
        except (OSError, asyncio.TimeoutError) as why:
            sock.close()
            raise Ended(str(why)) from why

    def send(self, data):
        self.writer.write(data)

    async def read(self, most=65536):
        try:
            data = await self.reader.read(most)
        except OSError as why:
            raise Ended(str(why)) from why
        if not data:
            raise Ended("the end")
        return data

    async def answer(self):
        """The head of an answer, and its body by Content-Length."""
        try:
            async with asyncio.timeout(PATIENCE):
                head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = re.search(r"\r\nContent-Length: (\d+)", head)
            body = await self.reader.readexactly(int(length[1])) if length else b""
        except (OSError, asyncio.IncompleteReadError) as why:
            raise Ended(str(why)) from why
        return int(head.split(" ", 2)[1]), head, body

    def close(self):
        self.writer.close()

    def reset(self):
        sock = self.writer.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Blocks:
    """Takes chunks apart, and gives the blocks of the stream in them."""

    def __init__(self):
        self.raw, self.text, self.complete = b"", b"", False

    def take(self, data):
        self.raw += data
        while not self.complete:
            size_end = self.raw.find(b"\r\n")
            if size_end < 0:
                break
            if not re.fullmatch(rb"[0-9a-fA-F]+", self.raw[:size_end]):
                raise Broken(f"a chunk without a size: {self.raw[:80]}")
            size, begin = int(self.raw[:size_end], 16), size_end + 2
            if len(self.raw) < begin + size + 2:
                break
            if self.raw[begin + size:begin + size + 2] != b"\r\n":
                raise Broken("a chunk that does not end where it should")
            self.text += self.raw[begin:begin + size]
            self.raw = self.raw[begin + size + 2:]
            self.complete = size == 0
        *blocks, self.text = self.text.split(b"\n\n")
        if self.complete and self.text.lstrip(b":\n"):
            raise Broken(f"half an event: {self.text[:80]}")
        return [self.fields(block) for block in blocks]

    @staticmethod
    def fields(block):
        lines = [line.partition(b": ") for line in block.split(b"\n") if not line.startswith(b":")]
        return {name.decode(): value.decode() for name, _, value in lines}


class Journal:
    """What was published to a topic: numbers from 1 on."""

    def __init__(self):
        self.last = 0  # that the hub has taken
        self.unsure = set()  # those of which it is not known
        self.places = {}  # the number behind an id

    def note(self, place, number):
        if self.places.setdefault(place, number) != number:
            raise Broken(f"{place} is {number} and {self.places[place]}")
        if len(self.places) > 20_000:
            del self.places[next(iter(self.places))]


class Subscriber:
    """Reads topics, comes back with its last id, and checks that nothing is lost in silence."""

    def __init__(self, hub, journals, topics, figures):
        self.hub, self.journals, self.topics, self.figures = hub, journals, topics, figures
        self.id = ""
        self.seen = {}  # the last number of each topic
        self.told = set()  # topics of which a gap was told since

    def request(self):
        last = f"Last-Event-ID: {self.id}\r\n" if self.id else ""
        return (f"GET /topics/{','.join(self.topics)} HTTP/1.1\r\nHost: localhost\r\n"
                f"Accept: text/event-stream\r\n{last}\r\n").encode()

    async def read(self, connection, pause=None):
        """Reads until the stream ends; `pause` is awaited with the number of bytes after each read."""
        connection.send(self.request())
        status, head, _ = await connection.answer()
        if status != 200 or "\r\nTransfer-Encoding: chunked" not in head:
            raise Broken(f"a subscriber is answered with {head}")
        blocks = Blocks()
        while not blocks.complete:
            data = await connection.read(65536 if pause is None else 4096)
            for block in blocks.take(data):
                self.take(block)
            if pause:
                await pause(len(data))

    def take(self, block):
        if "data" not in block:
            return
        kind = block.get("event", "message")
        if kind == "refused":
            raise Broken(f"a subscriber is refused: {block}")
        if len(self.topics) == 1:
            self.check_place(kind, block)
        self.id = block.get("id", self.id)
        if kind == "gap":
            reason = json.loads(block["data"])["reason"]
            self.figures["gap " + reason] += 1
            self.told.update(self.topics)
        elif kind != "checkpoint":
            self.take_event(block["data"])

    def check_place(self, kind, block):
        """Of one topic each place is the next one, or a gap says how many are left out."""
        epoch, _, place = self.id.partition("-")
        next_epoch, _, next_place = block["id"].partition("-")
        if not self.id:
            return
        if kind == "gap":
            missed = json.loads(block["data"]).get("missed")
            if missed is not None and (epoch != next_epoch or int(place) + missed != int(next_place)):
                raise Broken(f"behind {self.id} comes {block}")
        elif kind == "checkpoint":
            if next_epoch == epoch and next_place != place:
                raise Broken(f"behind {self.id} comes {block}")
        elif next_epoch != epoch or int(next_place) != int(place) + 1:
            raise Broken(f"behind {self.id} comes {block}")

    def take_event(self, data):
        topic, number = data.split(" ", 2)[:2]
        number = int(number)
        journal = self.journals[topic]
        if len(self.topics) == 1:
            journal.note(self.id, number)
        if (last := self.seen.get(topic)) is not None:
            if number <= last:
                raise Broken(f"{number} of {topic} comes behind {last}")
            lost = [each for each in range(last + 1, number) if each not in journal.unsure]
            if lost and topic not in self.told:
                raise Broken(f"{topic}: {number} comes behind {last}, and no gap was told")
            self.figures["events told as missed"] += len(lost)
        self.seen[topic] = number
        self.told.discard(topic)
        self.figures["events delivered"] += 1
