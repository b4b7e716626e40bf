"""The trigger as the triggerer runs it: on an event loop it must not hold up, made anew of its arguments."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from loop_watching import LONGEST_CALLBACK, holds_up_the_event_loop

from airflow_provider_activation.errors import AuthenticationFailed
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.triggers import wait as trigger_module
from airflow_provider_activation.triggers.wait import WaitTrigger
from airflow_provider_activation.waits.liveramp import DeliveryProbe, OAuthConnectionAttemptProbe
from airflow_provider_activation.waits.probe import Credentials, Probe
from scripts.machine_speed import scaled


def trigger(probe: Probe, timeout: float = scaled(20)) -> WaitTrigger:
    return WaitTrigger.of(
        probe, conn_id="liveramp_default", poll_interval=0.1, deadline=time.time() + timeout
    )


async def event_of(made: WaitTrigger) -> Any:
    async for event in made.run():
        return event.payload


def begin_attempt() -> str:
    from airflow_provider_activation.api.liveramp import OAuthConnectionAttemptInput

    attempt = OAuthConnectionAttemptInput(oauth_endpoint_id="3001")
    return LiveRampHook().create_oauth_connection_attempt(attempt).id


def test_its_arguments_are_scalars_and_hold_no_secret(connections: Sandbox) -> None:
    made = trigger(DeliveryProbe("c", ("1", "2")))
    path, arguments = made.serialize()
    assert path == "airflow_provider_activation.triggers.wait.WaitTrigger"
    assert all(isinstance(value, str | int | float | None) for value in arguments.values())
    secrets = [value for value in connections.secrets.values() if value]
    assert not [secret for secret in secrets if secret in repr(made) + json.dumps(arguments)]


def test_it_never_holds_up_the_event_loop(connections: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        attempts = [await asyncio.to_thread(begin_attempt) for _ in range(20)]
        waits = [event_of(trigger(OAuthConnectionAttemptProbe(attempt))) for attempt in attempts]
        assert all("result" in event for event in await asyncio.gather(*waits))

    # the first use of anything is slower, and happens once in a process
    asyncio.run(event_of(trigger(OAuthConnectionAttemptProbe(begin_attempt()))))
    assert not holds_up_the_event_loop(run, caplog)


def test_the_event_loop_that_is_held_up_is_noticed(caplog: pytest.LogCaptureFixture) -> None:
    """The test above would see it."""

    async def run() -> None:
        time.sleep(1.5 * LONGEST_CALLBACK)

    assert holds_up_the_event_loop(run, caplog)


def test_it_goes_on_after_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The triggerer dies while it waits; another makes the trigger anew of what was written down."""
    with Sandbox(port=0, consent="auto", step_seconds=3600) as slow:
        connection = slow.connections["liveramp_default"]
        monkeypatch.setenv("AIRFLOW_CONN_LIVERAMP_DEFAULT", json.dumps(connection))
        attempt = begin_attempt()
        _, arguments = trigger(OAuthConnectionAttemptProbe(attempt)).serialize()

        def asked() -> int:
            return sum(r["path"].endswith(attempt) and r["status"] == 200 for r in slow.requests)

        async def cut_short() -> None:
            waiting = asyncio.create_task(event_of(WaitTrigger(**arguments)))
            async with asyncio.timeout(scaled(5)):
                while asked() < 2:
                    await asyncio.sleep(0.01)
            assert not waiting.done()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

        asyncio.run(cut_short())
        slow.advance(2 * 3600)
        event = asyncio.run(event_of(WaitTrigger(**json.loads(json.dumps(arguments)))))
        (made,) = slow.state()["liveramp"]["oAuthConnections"]
        assert event == {"result": made["id"]}


def test_the_deadline_does_not_begin_anew_after_a_restart(connections: Sandbox) -> None:
    _, arguments = trigger(DeliveryProbe("7000001", ("5000000001",)), timeout=-1).serialize()
    event = asyncio.run(event_of(WaitTrigger(**arguments)))
    assert event["error"]["kind"] == "WaitTimeout"


def test_a_connection_that_cannot_be_used_is_an_event(
    connections: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LIVERAMP_DEFAULT", json.dumps({"conn_type": "liveramp"}))
    event = asyncio.run(event_of(trigger(OAuthConnectionAttemptProbe("a"))))
    assert event["error"]["kind"] == "InvalidConnection"
    assert "'liveramp_default'" in event["error"]["message"]


class TestANewKey:
    """A wait of days sees the connection get a new key, and the service refuse the old one."""

    @pytest.fixture(autouse=True)
    def refused_once(self, connections: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.old = connections.connections["liveramp_default"]
        self.waits: list[Any] = []
        self.refused, self.good_between = 1, False

        async def shared_wait(transport: Any, probe: Probe, credentials: Credentials, **timing: float) -> str:
            self.waits.append(transport)
            if self.good_between:
                credentials.are_good()
            if len(self.waits) <= self.refused:
                self.rotate()
                raise AuthenticationFailed("the key is not known any more")
            return "7"

        monkeypatch.setattr(trigger_module, "shared_wait", shared_wait)
        monkeypatch.setattr(trigger_module, "RENEWED_WITHIN", 0.0)
        self.setenv = monkeypatch.setenv
        self.rotate: Callable[[], None] = lambda: None

    def test_goes_on_with_the_new_one(self) -> None:
        changed = json.dumps({**self.old, "password": "a new key"})
        self.rotate = lambda: self.setenv("AIRFLOW_CONN_LIVERAMP_DEFAULT", changed)
        assert asyncio.run(event_of(trigger(OAuthConnectionAttemptProbe("a")))) == {"result": "7"}
        assert self.waits[0] is not self.waits[1]

    def test_ends_if_there_is_none(self) -> None:
        self.refused = 5
        event = asyncio.run(event_of(trigger(OAuthConnectionAttemptProbe("a"))))
        assert event["error"]["kind"] == "AuthenticationFailed"
        assert len(self.waits) == 2

    @pytest.mark.parametrize(("refused", "good_between"), [(1, False), (3, True)])
    def test_one_refusal_between_good_polls_ends_nothing(self, refused: int, good_between: bool) -> None:
        self.refused, self.good_between = refused, good_between
        assert asyncio.run(event_of(trigger(OAuthConnectionAttemptProbe("a")))) == {"result": "7"}
