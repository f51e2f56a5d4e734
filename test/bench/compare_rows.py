"""What tools/bench compares: the rows of the table, the figures in each, and how they are written. See compare.py."""

import dataclasses
import statistics
from collections.abc import Callable

CEILINGS = ("raw_epoll", "raw_slice")


@dataclasses.dataclass(frozen=True)
class Target:
    """A bound for Rill's figure, or for its share of what another server reaches in the same run."""

    bound: float
    of: str = ""


@dataclasses.dataclass(frozen=True)
class Figure:
    """One number of a run, taken from what load prints."""

    name: str
    value: Callable[[dict], float]
    targets: tuple[Target, ...] = ()  # one that is met is enough
    more_is_better: bool = True
    digits: int = 0
    has_ratio: bool = True  # not where the ceiling has next to nothing


@dataclasses.dataclass(frozen=True)
class Row:
    """A load, the servers that bear it in turns, and what is measured meanwhile."""

    name: str
    group: str
    load: tuple[str, ...]  # the scenario and its options, without those that are fields here
    connections: int
    figures: tuple[Figure, ...]
    servers: tuple[str, ...]  # NAME, or NAME:THREADS
    thorough: tuple[str, ...] = ()  # those that take their time: only if they are asked for
    ceilings: tuple[str, ...] = CEILINGS[:1]  # what Rill's figures are divided by
    seconds: float = 2.0  # measured; 0 where the load knows its end
    subject: str = "rill"  # whose ratio it is
    all_cpus: bool = False  # or the first only


ALL = ("raw_epoll", "rill", "bare_asio", "net_http", "better_sse", "nchan")
WITHOUT_NCHAN = ALL[:-1]
ALL_AND_SLICE = (*CEILINGS, *ALL[1:])


def per_cpu_second(what, *targets):
    """How many of something for a second of the server's time on a CPU."""
    return Figure(f"{what} per CPU second", lambda result: result["per_cpu_second"], targets)


def resident_each(bound):
    """Memory of the server for a connection."""
    return Figure(
        "resident bytes each",
        lambda result: result["resident_each"],
        (Target(bound),),
        more_is_better=False,
        has_ratio=False,
    )


FAN_OUT = ("broadcast", "--size", "100", "--ahead", "16")
DELIVERIES = per_cpu_second("deliveries", Target(0.6, "raw_slice"))
STEADY = (
    Figure(
        "CPU µs per delivery",
        lambda result: result["cpu_seconds"] / result["deliveries"] * 1e6,
        (Target(1.1, "raw_epoll"),),
        more_is_better=False,
        digits=2,
    ),
    Figure(
        "p99 ms",
        lambda result: result["p99_seconds"] * 1e3,
        (Target(1.1, "raw_epoll"),),
        more_is_better=False,
        digits=2,
    ),
)
CONNECT = Figure("connects per second", lambda result: result["per_second"], (Target(20_000), Target(1, "raw_epoll")))
EVENTS = per_cpu_second("events", Target(10_000_000))
# Besides 2 MB, a server may keep 1,000 events of 1,000 bytes and their ids.
STUCK = (
    Figure("seconds", lambda result: result["seconds"], (Target(1.3, "raw_slice"),), more_is_better=False, digits=1),
    Figure(
        "bytes of growth",
        lambda result: result["growth"],
        (Target(3_100_000),),
        more_is_better=False,
        has_ratio=False,
    ),
)

ROWS = {
    row.name: row
    for row in (
        *(
            Row(f"fan_out_{count}", "Fan-out", FAN_OUT, count, (DELIVERIES,), ALL_AND_SLICE, ceilings=CEILINGS)
            for count in (1_000, 5_000, 15_000)
        ),
        Row("steady", "Steady", ("broadcast", "--rate", "10"), 5_000, STEADY, ALL_AND_SLICE, seconds=5.0),
        Row("idle_events", "Idle", ("idle",), 15_000, (resident_each(512), CONNECT), ALL, seconds=0),
        Row(
            "idle_quiet",
            "Idle",
            ("idle", "--path", "/quiet"),
            15_000,
            (resident_each(1_700),),
            WITHOUT_NCHAN,
            seconds=0,
        ),
        *(
            Row(f"firehose_{count}", "Firehose", ("firehose", "--path", "/firehose"), count, (EVENTS,), WITHOUT_NCHAN)
            for count in (1, 100)
        ),
        Row("hello", "Hello", ("hello",), 64, (per_cpu_second("requests", Target(0.85, "raw_epoll")),), ALL),
        Row(
            "stuck",
            "Stuck",
            ("stuck", "--stuck", "100", "--size", "1000", "--events", "8000"),
            1_000,
            STUCK,
            ("raw_slice", "rill"),
            thorough=("raw_epoll", "bare_asio"),
            ceilings=("raw_slice",),
            seconds=0,
        ),
        Row(
            "two_threads",
            "Two threads",
            ("broadcast", "--rate", "10"),
            5_000,
            (per_cpu_second("deliveries", Target(0.9, "rill:1")),),
            ("rill:1", "rill:2"),
            ceilings=("rill:1",),
            seconds=5.0,
            subject="rill:2",
            all_cpus=True,
        ),
    )
}


@dataclasses.dataclass
class Outcome:
    """What a server has reached in a row: a result of load for each run, or why there is none."""

    results: list[dict] = dataclasses.field(default_factory=list)
    failure: str = ""

    def values(self, figure):
        """The figure in each run."""
        return [] if self.failure else [figure.value(result) for result in self.results]

    def median(self, figure):
        """The middle one, or None."""
        values = self.values(figure)
        return statistics.median(values) if values else None


def ratio(figure, outcomes, server, base):
    """The median of what the server has of another's figure, run by run; None without either."""
    mine, theirs = (outcomes[name].values(figure) if name in outcomes else [] for name in (server, base))
    shares = [a / b for a, b in zip(mine, theirs) if b]
    return statistics.median(shares) if shares else None


def verdict(row, figure, outcomes):
    """`met` or `missed`, or `not measured`."""
    measured = []
    for target in figure.targets:
        reached = outcomes[row.subject].median(figure) if row.subject in outcomes else None
        if target.of:
            reached = ratio(figure, outcomes, row.subject, target.of)
        if reached is not None:
            measured.append(reached >= target.bound if figure.more_is_better else reached <= target.bound)
    if any(measured):
        return "met"
    return "missed" if len(measured) == len(figure.targets) else "not measured"


def shown(server):
    """As people read it."""
    name, _, threads = server.partition(":")
    return name if not threads else f"{name}, {threads} thread{'s' if threads != '1' else ''}"


def number(value, digits=0):
    """With commas, and so many digits after the point."""
    return "–" if value is None else f"{value:,.{digits}f}"


def _target(figure):
    sign = "≥" if figure.more_is_better else "≤"
    of = [f" of {shown(target.of)}" if target.of else "" for target in figure.targets]
    return ", or ".join(f"{sign} {target.bound:,.10g}{name}" for target, name in zip(figure.targets, of))


def _cell(figure, outcome):
    if outcome is None:
        return ""
    return outcome.failure.replace("|", "\\|") or number(outcome.median(figure), figure.digits)


def tables(rows, outcomes):
    """Markdown: for each group of rows a table, with a line for each figure and a column for each server."""
    for group in dict.fromkeys(row.group for row in rows):
        members = [row for row in rows if row.group == group]
        servers = list(dict.fromkeys(server for row in members for server in outcomes[row.name]))
        yield f"### {group}\n"
        yield "| | " + " | ".join([*map(shown, servers), "ratio", "target", "|"])
        yield "|---" * (len(servers) + 4) + "|"
        for row in members:
            found = outcomes[row.name]
            for figure in row.figures:
                bases = [base for base in row.ceilings if base in found and figure.has_ratio]
                ratios = [f"{number(ratio(figure, found, row.subject, base), 2)} of {shown(base)}" for base in bases]
                cells = [
                    f"`{row.name}`, {row.connections:,} connection{'s' * (row.connections != 1)}: {figure.name}",
                    *(_cell(figure, found.get(server)) for server in servers),
                    ", ".join(ratios),
                    _target(figure),
                    verdict(row, figure, found),
                ]
                yield "| " + " | ".join(cells) + " |"
        yield ""
