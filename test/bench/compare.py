"""Compares Rill with other servers: each bears the same loads in turns, on a CPU of its own, and the medians of a few
runs are printed as Markdown. tools/bench builds what it needs. See docs/performance.md for what the rows are.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "peers"))
import compare_rows  # noqa: E402
import peers  # noqa: E402

PATIENCE = 400.0  # seconds for a run of load
ROWS = compare_rows.ROWS


class LoadError(Exception):
    """A run without figures, and why."""


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message):
        print(f"compare: {message}", file=sys.stderr)
        sys.exit(2)


def names(of):
    """A type for argparse: a list of names, with commas, of which all are known."""

    def parse(text):
        chosen = text.split(",")
        for name in chosen:
            if name not in of:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(of)}")
        return chosen

    return parse


def positive(text):
    """A type for argparse: a whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of runs")
    return int(text)


def parse_options():
    """The options, checked."""
    parser = Parser(
        prog="tools/bench compare",
        description="Compares Rill with other servers under the same loads, and prints tables in Markdown. "
        "All of it takes about half an hour, --quick two minutes.",
        epilog=f"Rows: {', '.join(ROWS)}. Servers: {', '.join(peers.PEERS)}. Exit code: 1 if a run of Rill failed; "
        "a target that is missed is no failure.",
    )
    parser.add_argument("--only", metavar="ROW,...", type=names(ROWS), default=list(ROWS), help="these rows")
    parser.add_argument("--servers", metavar="NAME,...", type=names(peers.PEERS), help="these servers (default: all)")
    parser.add_argument("--runs", metavar="N", type=positive, help="of each server and row (default: 5)")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="1 run of 1 second, at most 5,000 connections, and only Rill and the ceilings: to see that it works",
    )
    parser.add_argument(
        "--thorough", action="store_true", help="in the row stuck also those that take minutes: about 20 minutes more"
    )
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="writes what each run has measured")
    parser.add_argument("--build", metavar="DIR", type=pathlib.Path, default=HERE.parents[1] / "build", help="a build")
    parser.add_argument("--check", action="store_true", help="only looks whether the options are right")
    options = parser.parse_args()
    options.runs = options.runs or (1 if options.quick else 5)
    options.servers = options.servers or (["rill", *compare_rows.CEILINGS] if options.quick else list(peers.PEERS))
    options.rows = list(chosen_rows(options))
    if not options.rows:
        parser.error("none of these servers is in these rows")
    if options.json and (options.json.is_dir() or not options.json.absolute().parent.is_dir()):
        parser.error(f"argument --json: {options.json} cannot be written")
    return options


def chosen_rows(options):
    """The rows as they are to be run."""
    for row in (ROWS[name] for name in ROWS if name in options.only):
        servers = row.servers + (row.thorough if options.thorough else ())
        servers = tuple(server for server in servers if server.partition(":")[0] in options.servers)
        if options.quick:
            connections = row.connections if row.connections <= 5_000 else 2_000
            row = dataclasses.replace(row, connections=connections, seconds=min(row.seconds, 1.0))
        if servers:
            yield dataclasses.replace(row, servers=servers)


class Machine:
    """Runs a load against a server, each on its CPUs."""

    def __init__(self, build):
        self.build = build
        self.work = build / "test" / "bench" / "compared"
        self.cpus = sorted(os.sched_getaffinity(0))
        self._unfit = {}

    def unfit(self, name):
        """Why the peer cannot run here, or nothing; builds it when it is first asked for."""
        if name not in self._unfit:
            able, why = peers.available(name, self.build)
            if able:
                try:
                    say(f"preparing {name}")
                    peers.prepare(name, self.work)
                except (peers.PeerError, OSError) as error:
                    why = one_line(error)
            self._unfit[name] = why
        return self._unfit[name]

    def run(self, row, server):
        """What load has measured in one run with a server that is started for it. Raises LoadError."""
        name, _, threads = server.partition(":")
        port = peers.free_port()
        cpus = self.cpus if row.all_cpus else self.cpus[:1]
        try:
            process = peers.start(name, port, int(threads or 1), self.work, self.build, cpus)
        except (peers.PeerError, OSError) as error:
            raise LoadError(one_line(error)) from error
        try:
            return self._load(row, port, process)
        finally:
            peers.stop(process)

    def _load(self, row, port, process):
        command = [self.build / "test" / "bench" / "load" / "load", *row.load]
        command += ["--connections", row.connections, "--port", port, "--pid", *peers.cpu_pids(process)]
        if row.seconds:
            command += ["--seconds", row.seconds, "--warm-up", min(row.seconds, 1.0)]
        try:
            with peers.on_cpus(self.cpus[1:2]):
                done = subprocess.run(
                    list(map(str, command)), capture_output=True, text=True, timeout=PATIENCE, check=False
                )
            if done.returncode:
                ended = f"; the server has ended with {process.returncode}" if process.poll() is not None else ""
                raise LoadError((one_line(done.stderr) or f"load has ended with {done.returncode}") + ended)
            result = json.loads(done.stdout)
            for figure in row.figures:
                float(figure.value(result))  # there is none where the server has used no time at all
            return result
        except subprocess.TimeoutExpired as error:
            raise LoadError(f"load takes longer than {PATIENCE:.0f} seconds") from error
        except (OSError, ValueError, TypeError, KeyError, ZeroDivisionError) as error:
            raise LoadError(f"load gives no figures: {one_line(error)}") from error


def say(text):
    """To who waits."""
    print(text, file=sys.stderr, flush=True)


def one_line(text):
    """The text without line ends, and not too long for a table."""
    words = " ".join(str(text).split())
    return words if len(words) <= 200 else words[:200] + " ..."


def measure(row, runs, machine, outcomes):
    """Adds an outcome for each server of the row: run 1 of each, run 2 of each, and so on."""
    outcomes |= {server: compare_rows.Outcome() for server in row.servers}
    for server, outcome in outcomes.items():
        if why := machine.unfit(server.partition(":")[0]):
            outcome.failure = f"not run: {why}"
            say(f"{row.name}: {compare_rows.shown(server)}: {outcome.failure}")
    for run in range(runs):
        for server, outcome in outcomes.items():
            if outcome.failure:
                continue
            try:
                result = machine.run(row, server)
                outcome.results.append(result)
                what = ", ".join(
                    f"{compare_rows.number(figure.value(result), figure.digits)} {figure.name}"
                    for figure in row.figures
                )
            except LoadError as error:
                what = outcome.failure = f"failed: {error}"
            of = f", run {run + 1} of {runs}" if runs > 1 else ""
            say(f"{row.name}: {compare_rows.shown(server)}{of}: {what}")


def write_json(path, options, outcomes):
    """All that was measured, as load has printed it."""
    rows = {
        row.name: {
            "connections": row.connections,
            "seconds": row.seconds,
            "servers": {server: dataclasses.asdict(outcome) for server, outcome in outcomes[row.name].items()},
        }
        for row in options.rows
        if row.name in outcomes
    }
    machine = {"system": platform.platform(), "cpus": os.cpu_count()}
    path.write_text(json.dumps({"machine": machine, "runs": options.runs, "rows": rows}, indent=1) + "\n")


def main():
    options = parse_options()
    if options.check:
        return 0
    # So that servers are ended when we are.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    machine = Machine(options.build.resolve())
    if len(machine.cpus) < 2:
        say("compare: there is one CPU only, for the load and the servers: the figures say little")
    outcomes = {}
    try:
        for row in options.rows:
            measure(row, options.runs, machine, outcomes.setdefault(row.name, {}))
    except KeyboardInterrupt:
        return 130
    finally:
        if options.json:
            write_json(options.json, options, outcomes)
    print("\n".join(compare_rows.tables(options.rows, outcomes)).rstrip())
    failed = any(
        outcome.failure
        for found in outcomes.values()
        for server, outcome in found.items()
        if server.partition(":")[0] == "rill"
    )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
