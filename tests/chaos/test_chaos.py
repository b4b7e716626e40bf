"""A slice of the chaos suite, and that the suite sees what is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_activation.actions import base, dataddo, liveramp, proof
from airflow_provider_activation.actions.base import Action
from airflow_provider_activation.actions.memory import Memory
from airflow_provider_activation.api import answers
from airflow_provider_activation.api.rows import Rows
from airflow_provider_activation.errors import NotAsAsked, ServiceUnavailable, UncertainOutcome
from airflow_provider_activation.transport.attempt import Attempt
from airflow_provider_activation.waits import pace
from airflow_provider_activation.waits.acoustic_exchange import JobProbe
from airflow_provider_activation.waits.probe import Pending

from .bars import BARS
from .calls import CALLS
from .faults import Fault, Mode, Point
from .habits import habits_of
from .plan import plan, some
from .runner import carry_out, carry_out_in, table
from .trial import BARRED, CALLS_BY_NAME, SIMULATED, Run, Verdict

SEED = 1


def test_a_slice_of_it() -> None:
    """Of every call, point and habit one run, chosen by chance, and of every call a process really killed."""
    verdicts = list(carry_out_in(2, list(some(SEED))))
    assert {verdict.run.call for verdict in verdicts} == {call.name for call in CALLS}
    points = {SIMULATED, BARRED, *(point.value for point in Point)}
    assert {verdict.run.point for verdict in verdicts} >= points
    assert {verdict.run.habit for verdict in verdicts} > {habit.name for habit in habits_of(CALLS[0])}
    assert {verdict.run.bar for verdict in verdicts} > {bar.name for bar in BARS}
    assert {verdict.run.call for verdict in verdicts if verdict.run.mode.simulated} == set(CALLS_BY_NAME)
    assert any(verdict.run.killed for verdict in verdicts)
    bad = [verdict for verdict in verdicts if not verdict.is_good]
    assert not bad, "\n".join([table(bad), *(f"{one.run}\n  " + "\n  ".join(one.story) for one in bad)])


def test_the_whole_is_large_and_the_same_each_time() -> None:
    runs = list(plan(SEED))
    assert len(runs) >= 6000
    assert runs == list(plan(SEED))
    assert runs != list(plan(SEED + 1))
    assert len({run.number for run in runs}) == len(runs)


# The suite has to see what is wrong


def single(
    name: str,
    point: Point | None = None,
    kind: str = "",
    *,
    pause: float = 0.0,
    store: bool = True,
    habit: str = "",
    bar: str = "",
    simulated: bool = False,
) -> Verdict:
    faults = () if point is None else (Fault(point, kind),)
    mode = Mode(store, simulated=simulated)
    (verdict,) = carry_out([Run(1, name, mode, faults, pause, habit=habit, bar=bar)])
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
    verdict = single("Acoustic segment export", Point.ANSWERED, "SIGKILL", habit="list lag")
    assert (verdict.avoidable, verdict.is_good) == (1, False)


def test_an_impatient_look_makes_duplicates_where_a_list_is_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "LOOKS_AFTER_DOUBT", ())
    verdict = single("Delta activity", Point.ACTED, "reset", habit="list lag")
    assert (verdict.duplicates, verdict.is_good) == (1, False)


def test_an_answer_202_that_is_forgotten_makes_duplicates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UncertainOutcome, "acknowledged", False)
    verdict = single("Delta activity", habit="late by minutes")
    assert (verdict.duplicates, verdict.is_good) == (3, False)


def test_an_impatient_read_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "NOT_FOUND_FOR", 0.0)
    verdict = single("Dataddo source", habit="read lag")
    assert (verdict.lost, verdict.is_good) == (1, False)


def test_a_key_that_is_sought_letter_by_letter_is_avoidable_uncertainty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(base, "carries", lambda text, key: key in (text or ""))
    verdict = single("Delta activity", Point.ACTED, "reset", habit="texts: upper")
    assert (verdict.avoidable, verdict.is_good) == (1, False)


def test_a_list_that_is_read_as_a_whole_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def whole(kind: Any, rows: Any) -> Any:
        return Rows([kind.model_validate(row) for row in rows])

    monkeypatch.setattr(answers, "read_rows", whole)
    verdict = single("Delta activity", Point.ACTED, "reset", habit="aliens")
    assert not verdict.is_good


def test_a_new_one_taken_for_proof_is_somebody_else_s(monkeypatch: pytest.MonkeyPatch) -> None:
    recognised = Action.recognised

    def credulous(action: Action, *arguments: Any, **options: Any) -> Any:
        return [replace(found, certain=True) for found in recognised(action, *arguments, **options)]

    monkeypatch.setattr(Action, "recognised", credulous)
    verdict = single("Delta activity", Point.SENT, "reset", habit="a person after it")
    assert (verdict.taken, verdict.is_good) == (1, False)


def test_another_task_s_key_that_is_ignored_is_avoidable_uncertainty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "carries_another", lambda text, key: False)
    verdict = single("Delta activity", Point.SENT, "reset", habit="another task after it")
    assert (verdict.avoidable, verdict.is_good) == (1, False)


def test_credentials_taken_by_their_name_are_somebody_else_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "carries", lambda text, key: True)
    verdict = single("Dataddo service", Point.SENT, "reset", habit="a person before it")
    assert (verdict.taken, verdict.is_good) == (1, False)


def test_a_source_that_loads_with_another_service_is_somebody_else_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def trustful(source: dataddo.Source, source_id: str) -> str | None:
        return source.service_id

    monkeypatch.setattr(dataddo.Source, "_service_of", trustful)
    monkeypatch.setattr(dataddo, "differences", lambda asked, shown: [])
    habit = "a person before it, with other fields"
    assert single("Dataddo source", Point.SENT, "reset", habit=habit).taken == 1


@pytest.mark.parametrize(
    ("name", "habit"),
    [
        ("Delta activity", "ignores budget"),
        ("Delta activity, enabled", "ignores enabled"),
        ("LiveRamp distribution manager", "ignores status"),
        ("LiveRamp integration connection", "ignores deviceTypes"),
    ],
)
def test_what_is_not_compared_is_false_green(monkeypatch: pytest.MonkeyPatch, name: str, habit: str) -> None:
    assert single(name, habit=habit).refused == 1
    monkeypatch.setattr(proof, "differences", lambda asked, shown: [])
    verdict = single(name, habit=habit)
    assert (verdict.false_green, verdict.is_good) == (1, False)


def test_a_missing_distribution_manager_is_false_green(monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*arguments: Any, **options: Any) -> None:
        return None

    monkeypatch.setattr(liveramp.IntegrationConnection, "_manager_id", none)
    verdict = single("LiveRamp integration connection", habit="ignores distributionManagerName")
    assert (verdict.false_green, verdict.is_good) == (1, False)


def test_what_is_made_again_since_it_is_not_as_asked_for_makes_duplicates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(NotAsAsked, "retry_helps", True)
    verdict = single("LiveRamp integration connection", store=False, habit="ignores deviceTypes")
    assert (verdict.duplicates, verdict.is_good) == (3, False)


def test_a_green_task_that_made_nothing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hopefully(*arguments: Any) -> Any:
        return "7100001"

    async def unread(source: dataddo.Source, made: Any) -> Any:
        return {"id": made}

    monkeypatch.setattr(base, "_look_for", hopefully)
    monkeypatch.setattr(dataddo.Source, "result", unread)
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
