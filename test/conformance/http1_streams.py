"""Shapes of event streams."""

import re
import time

from http1_shapes import shape
from strict_http import expect

TICKS = b"GET /ticks HTTP/1.1\r\nHost: a\r\n\r\n"


@shape("a stream has the fields of one")
def _(server):
    connection = server.connect()
    connection.send(TICKS)
    answer = connection.answer(stream=True)
    expect(answer.status == 200 and answer.framing == "chunked", f"{answer.status}, {answer.framing}")
    expect(answer.field("content-type") == "text/event-stream", f"{answer.field('content-type')}")
    expect(answer.field("cache-control") == "no-store, no-transform", f"{answer.field('cache-control')}")
    expect(answer.field("x-accel-buffering") == "no", f"{answer.field('x-accel-buffering')}")


@shape("the first bytes of a stream come within 50 ms")
def _(server):
    times = []
    for _ in range(5):  # on a busy machine some may have to wait for their turn
        connection = server.connect()
        began = time.monotonic()
        connection.send(TICKS)
        connection.answer(stream=True)
        expect(connection.chunk().endswith(b"\n"), "no whole event or comment")
        times.append(time.monotonic() - began)
    expect(min(times) < 0.05, f"{min(times) * 1000:.0f} ms")


@shape("a chunk of a stream holds whole events, in their order")
def _(server):
    connection = server.connect()
    connection.send(TICKS)
    connection.answer(stream=True)
    ticks = []
    while len(ticks) < 4:
        chunk = connection.chunk()
        whole = chunk.endswith(b"\n\n") or re.fullmatch(rb":.*\n", chunk)
        expect(whole and b"\r" not in chunk, f"{chunk!r}")
        ticks += [int(number) for number in re.findall(rb"^data: (\d+)$", chunk, re.MULTILINE)]
    expect(ticks == list(range(1, len(ticks) + 1)), f"{ticks}")


@shape("streams do not wait for each other")
def _(server):
    connections = [server.connect() for _ in range(20)]
    for connection in connections:
        connection.send(TICKS)
    for connection in connections:
        connection.answer(stream=True)
        connection.until(b"data: 2\n\n")
