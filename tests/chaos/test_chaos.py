"""A slice of the chaos suite, and that the suite sees what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_activation.actions import base, dataddo
from airflow_provider_activation.actions.base import Action
from airflow_provider_activation.actions.memory import Memory
from airflow_provider_activation.errors import ServiceUnavailable, UncertainOutcome
from airflow_provider_activation.transport.attempt import Attempt
from airflow_provider_activation.waits.acoustic_exchange import JobProbe
from airflow_provider_activation.waits.probe import Pending

from .calls import CALLS
from .faults import Fault, Mode, Point
from .plan import plan, some
from .runner import carry_out, carry_out_in, table
from .trial import Run, Verdict

SEED = 1


def test_a_slice_of_it() -> None:
    """Of every call and every point one run, chosen by chance, and of every call a process really killed."""
    verdicts = list(carry_out_in(2, list(some(SEED))))
    assert {verdict.run.call for verdict in verdicts} == {call.name for call in CALLS}
    assert {verdict.run.point for verdict in verdicts} >= {point.value for point in Point}
    assert any(verdict.run.killed for verdict in verdicts)
    bad = [verdict for verdict in verdicts if not verdict.is_good]
    assert not bad, "\n".join([table(bad), *(f"{one.run}\n  " + "\n  ".join(one.story) for one in bad)])


def test_the_whole_is_large_and_the_same_each_time() -> None:
    runs = list(plan(SEED))
    assert len(runs) >= 2000
    assert runs == list(plan(SEED))
    assert runs != list(plan(SEED + 1))
    assert len({run.number for run in runs}) == len(runs)


# The suite has to see what is wrong


def single(name: str, point: Point, kind: str, *, pause: float = 0.0, store: bool = True) -> Verdict:
    run = Run(1, name, Mode(store), (Fault(point, kind),), pause)
    (verdict,) = carry_out([run])
    return verdict


def test_an_intent_stored_after_the_call_makes_duplicates(monkeypatch: pytest.MonkeyPatch) -> None:
    async def carelessly(action: Action, memory: Memory, *options: Any) -> Any:
        known = memory.recall(action.noun).get("id")
        if known is not None:
            return known
        made = action.id_of(await action.create(), None)
        memory.note(action.noun, id=made)
        return made

    monkeypatch.setattr(base, "submit", carelessly)
    verdict = single("Delta activity", Point.ACTED, "SIGKILL")
    assert (verdict.duplicates, verdict.is_good) == (1, False)


def test_a_call_sent_again_after_a_timeout_makes_duplicates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Attempt, "sends", lambda attempt, piece: None)
    verdict = single("Acoustic segment export", Point.ACTED, "timeout")
    assert (verdict.duplicates, verdict.is_good) == (1, False)


def test_a_call_sent_again_although_nothing_is_proven_makes_duplicates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # a run that was put in the queue shows late
    monkeypatch.setattr(base, "LOOKS_AFTER_DOUBT", ())
    monkeypatch.setattr(dataddo.Extraction, "proves_absence", True)
    verdict = single("Dataddo extraction", Point.ANSWERED, "SIGKILL")
    assert (verdict.duplicates, verdict.is_good) == (1, False)


def test_an_impatient_look_is_avoidable_uncertainty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "LOOKS_AFTER_DOUBT", ())
    verdict = single("Dataddo extraction", Point.ANSWERED, "SIGKILL")
    assert (verdict.avoidable, verdict.is_good) == (1, False)


def test_a_green_task_that_made_nothing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hopefully(*arguments: Any) -> Any:
        return "7100001"

    monkeypatch.setattr(base, "_look_for", hopefully)
    verdict = single("Dataddo source", Point.SENT, "500")
    assert (verdict.false_green, verdict.is_good) == (1, False)


def test_a_task_that_gives_up_too_soon_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UncertainOutcome, "retry_helps", False)
    verdict = single("Delta activity", Point.SENT, "500")
    assert (verdict.avoidable, verdict.is_good) == (1, False)


def test_a_task_that_fails_for_good_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ServiceUnavailable, "retry_helps", False)
    verdict = single("LiveRamp integration connection", Point.BEFORE, "service down")
    assert (verdict.lost, verdict.is_good) == (1, False)


def test_a_task_that_waits_for_ever_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobProbe, "judge", lambda self, job: Pending("on its way"))
    verdict = single("Acoustic segment export", Point.BEFORE, "refused connection")
    assert (verdict.hung, verdict.is_good) == (1, False)
