"""Hubs that are ended and started again, and what the system tells of their processes."""

import asyncio
import os
import pathlib
import re
import signal
import statistics
import time

KNOWN_LINES = {
    "cut": re.compile(r"rill: cut (\S+): "),
    "no room": re.compile(r"rill: cannot take a connection: "),
    "held up": re.compile(r"rill: .* held up its thread, "),
    "cut at the end": re.compile(r"rill: the server ends, and cuts what is still open: "),
}
DRAIN = 30  # seconds that an end may take
WARM_UP = 60  # seconds of a life that do not count
LONG_LIFE = 150  # seconds from which on growth can be told from noise
GROWTH = 2 << 20  # bytes that the allocator may have scattered


class Broken(Exception):
    """What is not as it should be."""


class Life:
    """One process, with samples of its memory and its descriptors."""

    def __init__(self, process):
        self.process = process
        self.began = time.monotonic()
        self.samples = []  # (seconds, bytes, descriptors)

    def sample(self):
        proc = pathlib.Path("/proc", str(self.process.pid))
        resident = int((proc / "statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
        self.samples.append((time.monotonic() - self.began, resident, len(os.listdir(proc / "fd"))))
        return self.samples[-1]

    def thirds(self):
        """The medians of the first and of the last third after warm-up, or nothing of a short life."""
        counted = [each for each in self.samples if each[0] > WARM_UP]
        if not counted or counted[-1][0] < LONG_LIFE:
            return None
        third = len(counted) // 3
        ends = counted[:third], counted[-third:]
        return tuple(tuple(statistics.median(each[what] for each in end) for end in ends) for what in (1, 2))

    def growth(self):
        """What a straight line through the samples after warm-up says that memory has grown by."""
        counted = [each for each in self.samples if each[0] > WARM_UP]
        slope, _ = statistics.linear_regression([each[0] for each in counted], [each[1] for each in counted])
        return slope * (counted[-1][0] - counted[0][0])


class Hub:
    """A hub, its life now, and what became of those before."""

    def __init__(self, name, command, tls=None, watch_memory=True):
        self.name, self.command, self.tls, self.watch_memory = name, command, tls, watch_memory
        self.port, self.life, self.lives, self.lines = 0, None, [], {}
        self.running = asyncio.Event()
        self.tasks = []

    async def start(self):
        process = await asyncio.create_subprocess_exec(
            *self.command, "--port", "0", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        found = re.match(r"listening on https?://127\.0\.0\.1:(\d+)", line)
        if not found:
            raise Broken(f"{self.name} does not begin: {line}")
        self.port = int(found[1])
        self.life = Life(process)
        self.life.sample()
        self.tasks = [asyncio.create_task(self.read_lines(process)), asyncio.create_task(self.watch(self.life))]
        self.running.set()

    async def read_lines(self, process):
        while line := (await process.stderr.readline()).decode():
            kind = next((kind for kind, known in KNOWN_LINES.items() if known.match(line)), "unknown: " + line.strip())
            self.lines[kind] = self.lines.get(kind, 0) + 1

    async def watch(self, life):
        while True:
            await asyncio.sleep(1)
            life.sample()

    async def end(self):
        """Drains it. Whoever wants it waits for `running`."""
        self.running.clear()
        process, (lines, watch) = self.life.process, self.tasks
        watch.cancel()
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            code = await asyncio.wait_for(process.wait(), DRAIN)
        except asyncio.TimeoutError:
            raise Broken(f"{self.name} does not end in {DRAIN} s") from None
        await lines
        self.lives.append(self.life)
        if code != 0:
            raise Broken(f"{self.name} ended with {code}: {self.lines}")

    async def restart(self):
        await self.end()
        await self.start()

    async def kill(self):
        if self.life and self.life.process.returncode is None:
            self.life.process.kill()
            await self.life.process.wait()

    def check(self):
        """Throws if a life was not as it should be. Gives what there is to print of the long ones."""
        unknown = [kind for kind in self.lines if kind.startswith("unknown")]
        if unknown:
            raise Broken(f"{self.name} says what it should not: {unknown}")
        figures = []
        for life in self.lives:
            if not (thirds := life.thirds()):
                continue
            (memory, later), (descriptors, later_descriptors) = thirds
            growth = life.growth()
            figures.append(f"{self.name}, {life.samples[-1][0]:.0f} s: resident {memory / 2**20:.1f} MiB in the first "
                           f"third, {later / 2**20:.1f} in the last ({growth / 2**20:+.1f} by a line through all); "
                           f"descriptors {descriptors:.0f}, {later_descriptors:.0f}")
            print(figures[-1], flush=True)
            if self.watch_memory and max(later - memory, growth) > GROWTH:
                raise Broken(f"the memory of {self.name} grows")
            if later_descriptors > descriptors * 1.25 + 10:
                raise Broken(f"the descriptors of {self.name} become more")
        return figures
