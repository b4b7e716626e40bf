"""Runs event triggers in Airflow's own trigger runner, on a service whose jobs a test moves."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from airflow.jobs.triggerer_job_runner import TriggerRunner
from airflow.triggers.base import BaseEventTrigger
from scripted_server import Asked, Reply, ScriptedServer

from airflow_provider_activation.triggers.acoustic_exchange import AcousticExchangeJobTrigger
from airflow_provider_activation.triggers.dataddo import DataddoFlowTrigger
from airflow_provider_activation.triggers.events import ActivationEventTrigger
from airflow_provider_activation.triggers.liveramp import LiveRampDeliveryTrigger
from scripts.machine_speed import scaled

HAS_SHARED_STREAMS = hasattr(BaseEventTrigger, "shared_stream_key")
with_shared_streams = pytest.mark.skipif(
    not HAS_SHARED_STREAMS, reason="Airflow 3.3 brings shared streams and the assets' state store"
)

CANARY = "canary-5be1"
POLL = 0.1
PATIENCE = scaled(10.0)
READY = "READY_FOR_DOWNLOAD"


class Store(dict[str, Any]):
    """Airflow's asset state store: plain JSON, nothing else. Fails as often as it is told."""

    failures = 0

    async def aget(self, key: str, default: Any = None) -> Any:
        self._fail()
        return self.get(key, default)

    async def aset(self, key: str, value: Any) -> None:
        self._fail()
        assert value is not None
        self[key] = json.loads(json.dumps(value))

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the state store is not there")

    @property
    def cursor(self) -> Any:
        """What the only trigger has written down; None before."""
        return next(iter(self.values()), None)


class Triggerer:
    """Airflow's trigger runner without its supervisor, whose part of storing events is played here."""

    def __init__(self) -> None:
        self.runner = TriggerRunner()  # type: ignore[no-untyped-call]
        self.payloads: list[Any] = []
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, trigger: ActivationEventTrigger[Any], store: Store | None = None) -> None:
        """Run a trigger, made anew of what Airflow's database holds of it."""
        path, arguments = trigger.serialize()
        module, _, name = path.rpartition(".")
        made = getattr(importlib.import_module(module), name)(**json.loads(json.dumps(arguments)))
        made.asset_state_store = store
        trigger_id = len(self.runner.triggers)
        self.runner.triggers[trigger_id] = {"name": str(trigger_id), "events": 0}  # type: ignore[typeddict-item]
        self._tasks.append(asyncio.create_task(self.runner.run_trigger(trigger_id, made)))

    def store_events(self) -> int:
        """What the supervisor does once a second: put the events into the database and say so."""
        entries: list[Any] = [self.runner.events.popleft() for _ in range(len(self.runner.events))]
        # what this encoding, the way to the supervisor, does not take would end the triggerer
        sent = [msgspec.msgpack.encode(entry[1].model_dump()) for entry in entries]
        self.payloads += [msgspec.msgpack.decode(event)["payload"] for event in sent]
        if HAS_SHARED_STREAMS:
            sequence = [entry[2] for entry in entries if entry[2] is not None]
            self.runner._shared_streams.confirm_persisted(sequence)
        return len(entries)

    async def until(self, condition: Callable[[], object], *, storing: bool = True) -> None:
        """Go on until something is so."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                for task in self._tasks:
                    assert not task.done(), "a watch ended"
                if storing:
                    self.store_events()
                await asyncio.sleep(0.005)

    async def fired(self, number: int) -> list[Any]:
        """The payloads, once there are so many."""
        await self.until(lambda: len(self.payloads) >= number)
        return self.payloads

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if HAS_SHARED_STREAMS:
            await self.runner._shared_streams.stop_all()


@asynccontextmanager
async def triggerer() -> AsyncIterator[Triggerer]:
    """One life of a triggerer."""
    running = Triggerer()
    try:
        yield running
    finally:
        await running.stop()


class Jobs(ScriptedServer):
    """Acoustic Exchange with jobs that a test moves as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[int, str] = {}
        self.always = self._list

    def _list(self, asked: Asked) -> Reply:
        return Reply(body=[{"jobId": job, "status": status} for job, status in self.jobs.items()])

    def later(self, rounds: int = 2) -> Callable[[], bool]:
        """Whether so many more questions were asked: what was answered to the first has been dealt with."""
        goal = len(self.asked) + rounds
        return lambda: len(self.asked) >= goal


def connection_to(server: Jobs, password: str = CANARY) -> str:
    # nothing is sent twice, and there are no certificates to load
    extra = {"max_retries": 0, "verify": False}
    fields = {"conn_type": "acoustic_exchange", "host": server.url, "password": password, "extra": extra}
    return json.dumps(fields)


def job_trigger(**arguments: Any) -> AcousticExchangeJobTrigger:
    return AcousticExchangeJobTrigger(**{"target_statuses": [READY], "poll_interval": POLL, **arguments})


def delivery_trigger(**arguments: Any) -> LiveRampDeliveryTrigger:
    return LiveRampDeliveryTrigger(
        **{"integration_connection_id": "7000001", "poll_interval": POLL, **arguments}
    )


def flow_trigger(**arguments: Any) -> DataddoFlowTrigger:
    return DataddoFlowTrigger(**{"flow_id": "f1", "poll_interval": POLL, **arguments})


def ids(payloads: list[Any]) -> list[int]:
    return [int(payload["job_id"]) for payload in payloads]


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(2 * PATIENCE):
            await test()

    asyncio.run(bounded())
