"""Deferred waits on one connection, from a hundred to ten thousand: what they cost while they wait, and how
soon they see that it is over. Beside them the HTTP provider's deferred sensor on the same jobs."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.children import Child, TooSlow
from benchmarks.report import Budget, Figure, Table, show
from benchmarks.rounds import LOOK_AGAIN, let_rounds_pass
from benchmarks.services import Services, running_services
from scripts.local import Failure

SIZES = (100, 1_000, 10_000)
POLL_INTERVAL = 2.0
ROUNDS = 6
PAGE = 100
"""Items on the largest page of LiveRamp."""
JOB = "GET /v1/jobs/SEGMENT_EXPORT/*"

START_SECONDS = 60.0
PEER_SECONDS = 45.0
"""The peer's polls are counted for so long at most, and its events waited for as long again."""
PEER_TRACED = 1_000
"""With more waits the peer's memory is not counted: it takes too long, and each wait has its own."""
AT_REST = 0.03
"""Seconds of CPU: a process that has used less since the last look only waits."""

REQUESTS = 10.0
CPU = 50.0
GROWTH = 1.25
"""So much more may a wait cost among ten thousand than among a hundred: flat, but for noise."""
MEMORY = 10.0


@dataclass(frozen=True)
class Cost:
    """What some waits cost.

    :param requests: a round, in which everything waited for is asked for once.
    :param cpu: microseconds a wait and round.
    :param held: kilobytes a wait holds between two rounds.
    :param most: kilobytes a wait takes at the most, what a poll takes for a moment included.
    :param rss: kilobytes by which the process has grown, a wait.
    :param hold: milliseconds of computing until the event loop gets its turn, at the most.
    :param half: seconds from the change to the event of half the waits.
    :param last: seconds from the change to the last event.
    """

    requests: float
    cpu: float = math.nan
    held: float = math.nan
    most: float = math.nan
    rss: float = math.nan
    hold: float = math.nan
    half: float = math.nan
    last: float = math.nan


@dataclass(frozen=True)
class Bench:
    """A number of waits of one kind for things that a sandbox holds.

    :param home: where logs go.
    :param services: the sandbox.
    :param kind: ``jobs``, ``deliveries`` or ``http sensors``.
    :param spec: what `benchmarks.waiting` waits for.
    """

    home: Path
    services: Services
    kind: str
    spec: dict[str, Any]
    poll_interval: float
    rounds: int

    @property
    def number(self) -> int:
        return len(self.spec["ids"])

    def run(self) -> Cost:
        """Measure memory in one process and everything else in another, as measuring memory takes time."""
        with self._waits(trace=True) as child:
            self._some_rounds(child, 2)
            memory = child.ask("cost")
        with self._waits(trace=False) as child:
            self._some_rounds(child, 2)
            cpu = child.ask("cost")["cpu"]
            rounds, requests = self._some_rounds(child, self.rounds)
            cpu = child.ask("cost")["cpu"] - cpu
            child.ask("watch the loop")
            self._some_rounds(child, 2)
            watched = child.ask("cost")
            changed = self._change()
            ended = child.hear(START_SECONDS)
        if ended["right"] != self.number:
            raise Failure(f"{self.number - ended['right']} of {self.number} waits ended with an error.")
        after = sorted(moment - changed for moment in ended["ends"])
        cost = Cost(
            requests=requests / rounds,
            cpu=cpu / self.number / rounds * 1e6,
            rss=watched["rss"] / self.number / 1000,
            hold=watched["longest_hold"] * 1000,
            half=statistics.median(after),
            last=after[-1],
        )
        return self._with_memory(cost, memory)

    def run_peer(self) -> Cost:
        """The same of the peer, which never pauses when it has much to do: bounded by time, not by rounds."""
        cost = Cost(requests=float(self.number))
        if self.number <= PEER_TRACED:
            with self._waits(trace=True) as child:
                self._polls(self.number)
                cost = self._with_memory(cost, child.ask("cost"))
        with self._waits(trace=False) as child:
            # with many waits it is too busy to answer, so it is looked at from outside
            rss = child.rss
            self._polls(self.number)
            cpu, asked = child.cpu, self.services.asked()[JOB]
            self._polls(self.number * self.rounds)
            cpu, asked = child.cpu - cpu, self.services.asked()[JOB] - asked
            if asked:
                cost = replace(cost, cpu=cpu / asked * 1e6)
            cost = replace(cost, rss=(child.rss - rss) / self.number / 1000)
            child.tell("watch the loop")
            time.sleep(2 * self.poll_interval)
            changed = self._change()
            try:
                child.hear(PEER_SECONDS)  # that it watches
                ended = child.hear(PEER_SECONDS)
            except TooSlow:
                return cost
        since = sorted(moment - changed for moment in ended["ends"])
        hold = ended["longest_hold"] * 1000
        return replace(cost, hold=hold, half=statistics.median(since), last=since[-1])

    def _with_memory(self, cost: Cost, counted: dict[str, float]) -> Cost:
        held, most = (counted[name] / self.number / 1000 for name in ("held", "most"))
        return replace(cost, held=held, most=most)

    def _waits(self, *, trace: bool) -> Child:
        child = Child("waiting", self.home / "waiting.log", self.services.environment(self.home))
        child.tell({**self.spec, "kind": self.kind, "poll_interval": self.poll_interval, "trace": trace})
        child.hear(START_SECONDS)  # it waits now
        return child

    def _change(self) -> float:
        """Let everything be over that is waited for; returns when it was."""
        if self.kind == "http sensors":
            self.services.behave()
        else:
            self.services.advance(1)
        return time.time()

    def _some_rounds(self, child: Child, rounds: int) -> tuple[int, int]:
        """Let some rounds pass; returns how many there were and how many requests they took."""
        cpu = child.cpu

        def is_idle() -> bool:
            nonlocal cpu
            before, cpu = cpu, child.cpu
            return cpu - before < AT_REST

        timeout = START_SECONDS + rounds * 5 * self.poll_interval
        return let_rounds_pass(self.services, rounds, timeout, is_idle=is_idle)

    def _polls(self, number: int) -> None:
        """Let so many polls of the peer pass, or the time for them."""
        begun = self.services.asked()[JOB]
        deadline = time.monotonic() + PEER_SECONDS
        while time.monotonic() < deadline and self.services.asked()[JOB] - begun < number:
            time.sleep(LOOK_AGAIN)


def bench(
    home: Path, sizes: Sequence[int] = SIZES, *, poll_interval: float = POLL_INTERVAL, rounds: int = ROUNDS
) -> list[Table]:
    """Measure waits of every kind and size.

    :param home: where logs go, an existing folder.
    :param sizes: how many waits at once, the fewest first.
    :param poll_interval: seconds between two polls.
    :param rounds: over how many rounds CPU is counted.
    """
    costs: dict[tuple[str, int], Cost] = {}
    for size in sizes:
        show(f"waits: {size:,} for jobs ...")
        with running_services(home) as services:
            jobs = {"ids": services.running_jobs(size)}
            # as long as a sensor of the peer's gets a 404 it waits; anything else ends it
            services.misbehave("status", status=404, path="/v1/jobs/SEGMENT_EXPORT/*")
            costs["http sensors", size] = Bench(
                home, services, "http sensors", jobs, poll_interval, rounds
            ).run_peer()
            costs["jobs", size] = Bench(home, services, "jobs", jobs, poll_interval, rounds).run()
        show(f"waits: {size:,} for deliveries ...")
        with running_services(home, segments=size) as services:
            deliveries = services.deliveries(size)
            costs["deliveries", size] = Bench(
                home, services, "deliveries", deliveries, poll_interval, rounds
            ).run()
    return [_table(kind, costs, sizes, poll_interval) for kind in ("jobs", "deliveries")]


def _table(
    kind: str, costs: dict[tuple[str, int], Cost], sizes: Sequence[int], poll_interval: float
) -> Table:
    title = {"jobs": "Waits for Acoustic Exchange jobs", "deliveries": "Waits for LiveRamp deliveries"}[kind]
    table = Table(
        f"{title}, on one connection",
        f"HttpSensorTrigger of apache-airflow-providers-http {version('apache-airflow-providers-http')}",
        notes=[
            f"Poll interval {poll_interval:g} s.",
            "The peer waits for the same jobs, which answer 404 with no body until they are over. Its polls "
            f"are counted for {PEER_SECONDS:.0f} s at most, its events waited for as long; what it did not "
            f"do by then, and its memory with more than {PEER_TRACED:,} waits, is unknown.",
        ],
    )
    for size in sizes:
        ours, peer = costs[kind, size], costs["http sensors", size]
        pages = math.ceil(size / PAGE) if kind == "deliveries" else 1
        requests = Budget(REQUESTS + pages)
        add = table.figures.append
        add(Figure(f"{size:,} waits: requests a round", ours.requests, peer.requests, requests))
        add(Figure(f"{size:,} waits: CPU a wait and round (us)", ours.cpu, peer.cpu, Budget(CPU)))
        add(Figure(f"{size:,} waits: memory a wait holds (KB)", ours.held, peer.held, Budget(MEMORY)))
        add(Figure(f"{size:,} waits: memory a wait, most during a poll (KB)", ours.most, peer.most))
        add(Figure(f"{size:,} waits: growth of the process a wait (KB)", ours.rss, peer.rss))
        add(Figure(f"{size:,} waits: longest hold of the event loop (ms CPU)", ours.hold, peer.hold))
        add(Figure(f"{size:,} waits: change until half have their event (s)", ours.half, peer.half))
        add(Figure(f"{size:,} waits: change until the last event (s)", ours.last, peer.last))
    fewest, most = costs[kind, sizes[0]], costs[kind, sizes[-1]]
    growth = f"CPU a wait and round, {sizes[-1]:,} over {sizes[0]:,} waits"
    table.figures.append(Figure(growth, most.cpu / fewest.cpu, None, Budget(GROWTH)))
    return table
