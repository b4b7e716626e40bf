"""Secrets in a service's answers: nothing that leaves the process shows them, in either mode."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import pickle
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import msgspec
import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from scripted_server import Asked, Reply, ScriptedServer
from spellings import SPELLINGS
from task_running import TaskInstance

from airflow_provider_activation.errors import ActivationError, InvalidRequest, JobFailed
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.sensors.acoustic_exchange import AcousticExchangeJobSensor
from airflow_provider_activation.sensors.base import ActivationSensor
from airflow_provider_activation.sensors.dataddo import DataddoSourceSensor
from airflow_provider_activation.sensors.delta_projects import DeltaProjectsActivitySensor
from airflow_provider_activation.sensors.liveramp import LiveRampDeliverySensor
from airflow_provider_activation.triggers.wait import WaitTrigger

KEY = 'canary key/+=&"ü:US'
TOKEN = "canary-token.of+today/="
LATER = "2030-01-01T00:00:00Z"


@dataclass(frozen=True)
class Service:
    """A sensor of a service, with answers in which secrets are planted.

    :param done: the answer that ends the wait well, with what is planted in it.
    :param failed: the answer that ends it with an error; None where an answer names no reason.
    """

    hook: Callable[[str], Any]
    sensor: Callable[[], ActivationSensor]
    done: Callable[[dict[str, Any]], Any]
    failed: Callable[[str], Any] | None = None


SERVICES = {
    "acoustic_exchange": Service(
        AcousticExchangeHook,
        lambda: AcousticExchangeJobSensor(
            poke_interval=0.1, task_id="t", job_id=5, acoustic_exchange_conn_id="planted"
        ),
        lambda planted: {"jobId": 5, "status": "COMPLETE", **planted},
        lambda said: {"jobId": 5, "status": "FAILED", "errorDetails": said},
    ),
    "delta_projects": Service(
        DeltaProjectsHook,
        lambda: DeltaProjectsActivitySensor(
            poke_interval=0.1, task_id="t", activity_id="5", delta_projects_conn_id="planted"
        ),
        lambda planted: {"id": 5, "enabled": True, "name": "n", **planted},
    ),
    "dataddo": Service(
        DataddoHook,
        lambda: DataddoSourceSensor(poke_interval=0.1, task_id="t", source_id="5", dataddo_conn_id="planted"),
        lambda planted: {"status": "live", "lastRunStarted": LATER, "lastRunFinished": LATER, **planted},
        lambda said: {
            "status": "broken",
            "lastRunStarted": LATER,
            "lastRunFinished": LATER,
            "description": said,
        },
    ),
    "liveramp": Service(
        LiveRampHook,
        lambda: LiveRampDeliverySensor(
            poke_interval=0.1,
            task_id="t",
            integration_connection_id="5",
            segment_ids=["7"],
            liveramp_conn_id="planted",
        ),
        lambda planted: {"v2/Deliveries": [_delivery("DELIVERED", **planted)]},
        lambda said: {"v2/Deliveries": [_delivery("FAILED", id=said)]},
    ),
}
EXTRAS = {
    "delta_projects": {"media_agency_id": "1", "client_id": "2"},
    "liveramp": {"org_id": "1"},
}


def _delivery(status: str, **more: Any) -> dict[str, Any]:
    return {"id": "d", "segmentID": "7", "integrationConnectionID": "5", "status": status, **more}


@pytest.fixture(params=SERVICES)
def canary(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Canary]:
    server = ScriptedServer()
    extra: dict[str, Any] = {**EXTRAS.get(request.param, {}), "max_retries": 0}
    if request.param == "liveramp":
        extra["token_url"] = f"{server.url}/token"
    connection = {
        "conn_type": request.param, "host": server.url, "login": "me", "password": KEY, "extra": extra,
    }  # fmt: skip
    if request.param == "acoustic_exchange":
        # a header takes no other characters
        connection["password"] = KEY.replace("ü", "u")
    monkeypatch.setenv("AIRFLOW_CONN_PLANTED", json.dumps(connection))
    yield Canary(server, SERVICES[request.param], str(connection["password"]))
    server.stop()


@dataclass
class Canary:
    server: ScriptedServer
    service: Service
    key: str

    @property
    def token(self) -> str:
        """What the service hands out; its key where it has no log-in."""
        return TOKEN if self.service.hook in (DataddoHook, LiveRampHook) else self.key

    def answers(self, status: int, body: Any) -> None:
        def answer(asked: Asked) -> Reply:
            if asked.method == "POST":
                return Reply(body={"access_token": TOKEN, "expires_in": 600})
            # a list holds the same as the resource alone
            alone = "jobs" not in asked.path or asked.path.endswith("/5") or status != 200
            return Reply(status, body if alone else [body])

        self.server.always = answer

    def assert_clean(self, *texts: str) -> None:
        for text in texts:
            assert "canary" not in text.lower(), text
            for secret in (self.key, TOKEN):
                for kind, spelled in SPELLINGS.items():
                    assert spelled(secret) not in text, kind

    def on_the_worker(self) -> Any:
        return self.service.sensor().execute(cast("Any", {"ti": TaskInstance("t", "r")}))

    def event(self) -> Any:
        """The event of the trigger, as Airflow's triggerer stores it."""
        sensor = self.service.sensor()
        trigger = WaitTrigger.of(
            sensor.probe(), conn_id="planted", poll_interval=0.1, deadline=time.time() + 30
        )
        self.assert_clean(repr(trigger.serialize()))

        async def first() -> Any:
            async for event in trigger.run():
                return event.payload

        return msgspec.msgpack.decode(msgspec.msgpack.encode(asyncio.run(first())))


def listen(caplog: pytest.LogCaptureFixture) -> None:
    for name in (None, "httpx", "httpcore", "airflow_provider_activation"):
        caplog.set_level(logging.DEBUG, logger=name)


def everything_of(error: BaseException) -> str:
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    # the frames of the tests are theirs
    ours = [
        frame
        for frame in shown.split('  File "')
        if "/airflow_provider_activation/" in frame.partition('"')[0]
    ]
    return "\n".join([str(error), repr(error), repr(error.args), repr(vars(error)), *ours])


def test_no_result_shows_a_secret_and_both_modes_are_alike(
    canary: Canary, caplog: pytest.LogCaptureFixture
) -> None:
    listen(caplog)
    keys = [spelled(canary.key) for spelled in SPELLINGS.values()]
    tokens = [spelled(canary.token) for spelled in SPELLINGS.values()]
    planted = {
        "links": [{"self": f"https://x.example/?apikey={key}"} for key in keys],
        "more": [{"description": f"of {key}", key: {"seen": tokens}} for key in keys],
        "accountId": 2**70,
    }
    canary.answers(200, canary.service.done(planted))
    result = canary.on_the_worker()
    event = canary.event()
    resumed = canary.service.sensor().execute_complete({}, event)
    assert result == event["result"] == resumed
    assert json.dumps(result).count("***") >= 2 * len(SPELLINGS)
    assert json.dumps(result).count(f'"{2**70}"') == 1
    canary.assert_clean(json.dumps(result), json.dumps(result, ensure_ascii=False), str(event))
    canary.assert_clean("\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records))
    assert "more.description" in caplog.text


@pytest.mark.parametrize("status", [200, 400])
def test_no_error_shows_a_secret(canary: Canary, caplog: pytest.LogCaptureFixture, status: int) -> None:
    listen(caplog)
    keys = " ".join(f"{spelled(canary.key)} {spelled(canary.token)}" for spelled in SPELLINGS.values())
    said = f"line\x1b[31m\u202e of {keys}"
    if status == 200 and canary.service.failed is None:
        pytest.skip("no answer of this service tells why something failed")
    failed = canary.service.failed(said) if status == 200 and canary.service.failed else {"message": said}
    canary.answers(status, failed)
    with pytest.raises((ActivationError, AirflowFailException)) as on_the_worker:
        canary.on_the_worker()
    event = canary.event()
    with pytest.raises(JobFailed if status == 200 else InvalidRequest) as resumed:
        canary.service.sensor().execute_complete({}, event)
    worker: BaseException = on_the_worker.value
    if not isinstance(worker, ActivationError):
        worker = worker.__cause__ or worker
    for error in (on_the_worker.value, worker, resumed.value):
        text = everything_of(error)
        canary.assert_clean(text)
        assert "***" in text
        assert not {"\x1b", "\u202e"} & {*str(error)}
    assert isinstance(worker, ActivationError)
    # a list is read by another endpoint
    assert status == 400 or worker.message == resumed.value.message
    assert worker.body == resumed.value.body
    canary.assert_clean(str(event), caplog.text)


def test_a_used_hook_can_be_copied_and_shows_nothing(canary: Canary) -> None:
    hook = canary.service.hook("planted")
    canary.answers(400, {"message": f"of {canary.key}"})
    with pytest.raises(InvalidRequest) as caught:
        hook.send(hook.test_call())
    canary.assert_clean(everything_of(caught.value))
    data = pickle.dumps(hook)
    canary.assert_clean(data.decode("latin-1"))
    for other in (pickle.loads(data), copy.deepcopy(hook)):
        assert other.conn_id == "planted"
        with pytest.raises(InvalidRequest):
            other.send(other.test_call())


def test_an_error_of_the_connection_shows_no_value(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PLANTED", json.dumps({"conn_type": "ftp", "password": canary.key}))
    hook = canary.service.hook("planted")
    with pytest.raises(ActivationError) as caught:
        hook.get_conn()
    canary.assert_clean(everything_of(caught.value))
