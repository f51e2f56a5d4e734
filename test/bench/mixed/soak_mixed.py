"""Hubs under all kinds of clients at once, for as long as one likes: one plain and one with TLS, which are drained and
started again while it goes on. Every event must come once and in order, or a gap must say that it is lost; memory and
descriptors must not grow.

    soak_mixed.py HUB [--certificates DIRECTORY] [--minutes 20] [--seed N] [--sanitized]
"""

import argparse
import asyncio
import collections
import contextlib
import json
import random
import re
import ssl
import sys
import time

from hubs import Broken, Hub
from malformed import SHAPES, mutated
from streams import PATIENCE, Connection, Ended, Journal, Subscriber

TOPICS = {"json": (20, 100), "text": (20, 100), "large": (40, 4_000)}  # events a second, bytes
COMMAND = ("--threads", "2", "--keep-bytes", "256KiB", "--keep-events", "400")
HUB_LIFE = 60  # seconds, of the plain one; each third life is three times as long


class Traffic:
    """What one hub has to bear."""

    def __init__(self, hub, chance, figures, share):
        self.hub, self.chance, self.figures = hub, chance, figures
        self.share = share  # of connections: those with TLS are dear to whoever opens them
        self.journals = {topic: Journal() for topic in TOPICS}
        self.steady = [Subscriber(hub, self.journals, topics, figures)
                       for topics in (["json"], ["text"], ["large"], ["json", "text"])]
        self.publishing = True
        self.open = set()

    def tasks(self):
        works = [self.publish(topic, *what) for topic, what in TOPICS.items()]
        works += [self.subscribe(each, leaves=False) for each in self.steady]
        for topics in (["json"], ["text"], ["large"], ["json", "text"], ["text", "large", "json"]):
            works += [self.subscribe(self.subscriber(topics), leaves=True) for _ in range(self.count(4))]
        works += [self.subscribe_slowly(self.subscriber(["large"])) for _ in range(self.count(6))]
        works += [self.never_read() for _ in range(self.count(10))]
        works += [work() for work in (self.ask_nonsense, self.visit) for _ in range(2)]
        works += [self.leave_halfway() for _ in range(8)]
        if self.hub.tls:
            works += [self.spoil_handshakes() for _ in range(8)]
        return [asyncio.create_task(self.again(work)) for work in works]

    def count(self, number):
        return max(1, round(number * self.share))

    def subscriber(self, topics):
        return Subscriber(self.hub, self.journals, topics, self.figures)

    @staticmethod
    async def again(work):
        """One of the endless works; only a fault ends it."""
        try:
            await work
        except Ended as why:
            raise Broken(f"nobody took care of {why}") from why

    async def connect(self, **options):
        """A connection to the hub, once it runs."""
        while True:
            await self.hub.running.wait()
            with contextlib.suppress(Ended):
                connection = await Connection.open(self.hub, **options)
                self.figures["connections"] += 1
                self.open.add(connection)
                return connection
            await asyncio.sleep(0.05)

    def leave(self, connection):
        if self.chance.random() < 0.5:
            connection.reset()
        else:
            connection.close()
        self.open.discard(connection)
        self.figures["aborts"] += 1

    async def publish(self, topic, rate, size):
        journal, number, due = self.journals[topic], 0, time.monotonic()
        while self.publishing:
            connection = await self.connect()
            with contextlib.suppress(Ended):
                for _ in range(self.chance.randint(20, 400)):
                    if not self.publishing:
                        break
                    due = max(due + 1 / rate, time.monotonic() - 1)
                    await asyncio.sleep(max(0, due - time.monotonic()))
                    number += 1
                    journal.unsure.add(number)
                    await self.publish_one(connection, topic, number, size)
                    journal.unsure.discard(number)
                    journal.last = number
            self.leave(connection)

    async def publish_one(self, connection, topic, number, size):
        text = f"{topic} {number} ".ljust(size, ".")
        kind = "application/json" if topic == "json" else "text/plain"
        body = json.dumps({"data": text}) if topic == "json" else text
        connection.send((f"POST /topics/{topic} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
                         f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
        status, head, _ = await connection.answer()
        if status != 204:
            raise Broken(f"an event is answered with {head}")
        place = re.search(r"\r\nLast-Event-ID: (\S+)", head)
        self.journals[topic].note(place[1], number)
        self.figures["events published"] += 1

    async def subscribe(self, subscriber, leaves):
        """Comes back whenever a stream ends, and `leaves` some by itself."""
        while True:
            connection = await self.connect()
            stay = self.chance.expovariate(1 / 5) if leaves else None
            with contextlib.suppress(Ended, asyncio.TimeoutError):
                async with asyncio.timeout(stay):
                    await subscriber.read(connection)
            self.leave(connection)
            await asyncio.sleep(self.chance.random() ** 3 * (5 if leaves else 0.2))

    async def subscribe_slowly(self, subscriber):
        """Reads 10 to 100 KB a second."""
        while True:
            rate = self.chance.uniform(10_000, 100_000)
            connection = await self.connect(receive_buffer=8_192)
            with contextlib.suppress(Ended, asyncio.TimeoutError):
                async with asyncio.timeout(120):
                    await subscriber.read(connection, lambda size, rate=rate: asyncio.sleep(size / rate))
            self.leave(connection)

    async def never_read(self):
        while True:
            connection = await self.connect(receive_buffer=4_096)
            connection.writer.transport.pause_reading()
            connection.send(b"GET /topics/large?start=earliest HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await asyncio.sleep(self.chance.uniform(1, 60))
            self.leave(connection)

    async def ask_nonsense(self):
        while True:
            await asyncio.sleep(self.chance.expovariate(30 * self.share))
            connection = await self.connect()
            data, statuses = self.chance.choice(SHAPES) if self.chance.random() < 0.7 else (mutated(self.chance), None)
            with contextlib.suppress(Ended, asyncio.TimeoutError):
                await self.send_nonsense(connection, data, statuses)
            self.leave(connection)
            self.figures["malformed and odd requests"] += 1

    async def send_nonsense(self, connection, data, statuses):
        cut = self.chance.randrange(len(data)) if self.chance.random() < 0.3 else 0
        connection.send(data[:cut])
        await asyncio.sleep(0.01 if cut else 0)
        connection.send(data[cut:])
        async with asyncio.timeout(PATIENCE if statuses else 0.2):
            begin = await connection.read()
        found = re.match(rb"HTTP/1\.1 (\d\d\d) ", begin)
        if not found or (statuses and int(found[1]) not in statuses):
            raise Broken(f"{data[:200]} is answered with {begin[:200]}")

    async def visit(self):
        """Asks for pages over one connection, and for statistics."""
        while True:
            connection = await self.connect()
            with contextlib.suppress(Ended):
                for _ in range(self.chance.randint(1, 30)):
                    path = self.chance.choice(["/", "/healthz", "/topics", "/topics?limit=1"])
                    connection.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                    status, head, _ = await connection.answer()
                    if status != 200:
                        raise Broken(f"{path} is answered with {head}")
                    await asyncio.sleep(self.chance.expovariate(20))
            self.leave(connection)

    async def leave_halfway(self):
        """Goes in the middle of a head, of a body, or before anything is said."""
        whole = b"POST /topics/odd HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n" + bytes(50_000)
        while True:
            await asyncio.sleep(self.chance.expovariate(10 * self.share))
            connection = await self.connect()
            connection.send(whole[:self.chance.choice([0, 20, 90, 20_000, 49_999])])
            await asyncio.sleep(self.chance.random() ** 4 * 12)
            self.leave(connection)

    async def spoil_handshakes(self):
        while True:
            await asyncio.sleep(self.chance.expovariate(5))
            connection = await self.connect(tls=False)
            hello = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03"
            connection.send(self.chance.choice([b"", hello, hello + bytes(189), b"GET / HTTP/1.1\r\n\r\n", b"\0" * 99]))
            await asyncio.sleep(self.chance.random() ** 4 * 12)
            self.leave(connection)
            self.figures["spoilt handshakes"] += 1

    async def arrive(self):
        """All that was published must have come to those who read on, or they were told."""
        self.publishing = False
        end = time.monotonic() + PATIENCE
        for each in self.steady:
            for topic in each.topics:
                while each.seen.get(topic, 0) < self.journals[topic].last:
                    if time.monotonic() > end:
                        raise Broken(f"{self.hub.name}: {topic} {each.seen} does not get to "
                                     f"{self.journals[topic].last}")
                    await asyncio.sleep(0.05)

    async def settle(self):
        """When all clients have gone, so have their descriptors."""
        for connection in self.open:
            connection.reset()
        before, end = self.hub.life.samples[0][2], time.monotonic() + PATIENCE
        while (now := self.hub.life.sample()[2]) > before:
            if time.monotonic() > end:
                raise Broken(f"{self.hub.name} had {before} descriptors, and {now} without clients")
            await asyncio.sleep(0.1)


async def restart(hub, times, figures):
    for seconds in times:
        await asyncio.sleep(seconds)
        await hub.restart()
        figures["restarts"] += 1


def plain_lives(length):
    """When the plain hub is restarted; it has the last ten seconds for itself."""
    left, number = length, 0
    while True:
        life = min(HUB_LIFE, length / 3) * (3 if number % 3 == 2 else 1)
        left, number = left - life, number + 1
        if left < min(10, length / 4):
            return
        yield life


async def first_failure(tasks, seconds):
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for each in done:
        each.result()


async def soak(options):
    seed = options.seed if options.seed is not None else random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    figures, length = collections.Counter(), options.minutes * 60
    command = (options.hub, *COMMAND)
    hubs = [Hub("plain", command, watch_memory=not options.sanitized)]
    if options.certificates:
        files = [f"{options.certificates}/{name}" for name in ("ca.pem", "server.pem", "server.key")]
        secure = (*command, "--certificate", files[1], "--private-key", files[2])
        hubs.append(Hub("TLS", secure, ssl.create_default_context(cafile=files[0]), not options.sanitized))
    try:
        for hub in hubs:
            await hub.start()
        traffics = [Traffic(hub, random.Random(seed + number), figures, 0.4 if hub.tls else 1)
                    for number, hub in enumerate(hubs)]
        tasks = [task for traffic in traffics for task in traffic.tasks()]
        restarts = [asyncio.create_task(restart(hub, [length / 4] if hub.tls else plain_lives(length), figures))
                    for hub in hubs]
        await first_failure(tasks + restarts, length)
        await asyncio.gather(*restarts)
        await asyncio.gather(*(traffic.arrive() for traffic in traffics))
        for task in tasks:
            task.cancel()
        done, left = await asyncio.wait(tasks, timeout=PATIENCE)
        if left:
            raise Broken(f"clients do not end: {left}")
        for each in done:
            if not each.cancelled():
                each.result()
        for traffic in traffics:
            await traffic.settle()
            await traffic.hub.end()
        for hub in hubs:
            hub.check()
            figures.update({f"{hub.name}: lines of the log, {kind}": count for kind, count in hub.lines.items()})
    finally:
        for hub in hubs:
            await hub.kill()
        for name, count in sorted(figures.items()):
            print(f"{name}: {count:,}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("hub")
    parser.add_argument("--certificates")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--sanitized", action="store_true", help="the memory is not the hub's own")
    try:
        asyncio.run(soak(parser.parse_args()))
    except (Broken, Ended) as why:
        sys.exit(f"{type(why).__name__}: {why}")


if __name__ == "__main__":
    main()
