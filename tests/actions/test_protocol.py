"""At most once: every way a submission can go, driven with scripted answers."""

from __future__ import annotations

import logging
from typing import Any, Literal

import pytest
from submission_play import LOOKS, UNCERTAIN, ExportJob, Play, Store, candidate, noted

from airflow_provider_activation.actions.base import (
    Candidate,
    IfExists,
    submit,
)
from airflow_provider_activation.actions.memory import Memory
from airflow_provider_activation.api.steps import drive
from airflow_provider_activation.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    RateLimited,
    Refused,
    ServiceUnavailable,
    UncertainOutcome,
)

# The first try


def test_the_first_try_notes_its_intent_before_the_call_and_the_id_right_after() -> None:
    play = Play()
    assert play.run() == 42
    assert play.steps == ["snapshot", "create"]
    assert play.store is not None
    assert play.store.told == ["set before", "set id"]
    assert play.noted == {"version": 1, "generation": 1, "id": 42, "given_up": []}


def test_without_a_store_the_first_try_makes_it_just_so() -> None:
    play = Play(store=None)
    assert play.run() == 42
    assert play.steps == ["snapshot", "create"]


def test_the_intent_carries_what_was_known_before() -> None:
    play = Play(created=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        play.run()
    assert play.noted == {"version": 1, "generation": 1, "before": [7], "given_up": []}


def test_the_id_can_be_made_of_the_answer_and_of_what_was_known_before() -> None:
    class Pair(ExportJob):
        def id_of(self, response: Any, before: Any) -> Any:
            return [response, before]

    play = Play()
    memory = Memory(None, generation=1, first_try=True)
    assert drive(submit(Pair(play=play), memory), play.perform) == [42, [7]]


def test_a_task_that_died_after_its_last_act_finds_what_it_made() -> None:
    store = Store()
    assert Play(store).run() == 42
    again = Play(store, first_try=False, created=43)
    assert again.run() == 42
    assert "create" not in again.steps


# The id is known


def test_a_known_id_is_taken_and_nothing_is_sent() -> None:
    play = Play(noted(id=41))
    assert play.run() == 41
    assert play.steps == ["ask"]


def test_a_known_id_is_taken_unasked_where_it_cannot_be_asked_for() -> None:
    play = Play(noted(id=41), can_ask=False)
    assert play.run() == 41
    assert play.steps == []


def test_a_known_id_that_failed_is_given_up_and_another_is_made() -> None:
    play = Play(noted(id=41, given_up=[40]), asked=True)
    assert play.run() == 42
    assert play.steps == ["ask", "snapshot", "create"]
    assert play.noted == {"version": 1, "generation": 1, "id": 42, "given_up": [40, 41]}


def test_one_that_was_given_up_is_not_found_again() -> None:
    play = Play(noted(id=41), asked=True, if_exists="reuse", listed=[[candidate(41)]])
    assert play.run() == 42


def test_a_known_id_whose_state_cannot_be_asked_for_now_stays_known() -> None:
    play = Play(noted(id=41), asked=ServiceUnavailable("down"))
    with pytest.raises(ServiceUnavailable):
        play.run()
    assert play.steps == ["ask"]
    assert play.noted == {"version": 1, "generation": 1, "id": 41}


def test_a_known_id_that_is_gone_is_looked_for_and_made_anew_if_it_is_surely_not_there() -> None:
    play = Play(noted(id=41), asked=NotFound("gone"), listed=[[]])
    assert play.run() == 42
    asked_again = [step for pause in (2, 4, 8, 16, 30) for step in (f"pause {pause}", "ask")]
    assert play.steps == ["ask", *asked_again, *LOOKS, "snapshot", "create"]


def test_a_known_id_that_is_found_late_is_taken() -> None:
    play = Play(noted(id=41), asked=[NotFound("gone"), NotFound("gone"), False])
    assert play.run() == 41
    assert play.steps == ["ask", "pause 2", "ask", "pause 4", "ask"]


def test_a_known_id_that_is_gone_may_be_there_under_another_one() -> None:
    play = Play(noted(id=41), asked=NotFound("gone"), listed=[[candidate(43)]])
    assert play.run() == 43
    assert "create" not in play.steps


def test_a_known_id_that_is_gone_is_not_made_again_where_a_list_proves_nothing() -> None:
    # a job that finished may have left the list and the service: it was made all the same
    play = Play(noted(id=41), asked=NotFound("gone"), proves_absence=False)
    with pytest.raises(UncertainOutcome):
        play.run()
    assert "create" not in play.steps


@pytest.mark.parametrize("kept", [{"id": 41}, {"before": [7]}])
def test_what_was_noted_before_the_task_was_cleared_does_not_count(kept: dict[str, Any]) -> None:
    play = Play(store=noted(**kept), generation=4, listed=[[candidate(41)]])
    assert play.run() == 42
    assert play.steps == ["snapshot", "create"]
    assert play.noted == {"version": 1, "generation": 4, "id": 42, "given_up": []}


# The answer is ambiguous in this very try


@pytest.mark.parametrize("look", [1, 2, 3, 4])
def test_what_an_uncertain_call_made_is_found_at_a_later_look(look: int) -> None:
    play = Play(created=UNCERTAIN, listed=[*[[] for _ in range(look - 1)], [candidate(43)]])
    assert play.run() == 43
    assert play.steps == ["snapshot", "create", *LOOKS[: 2 * look - 1]]
    assert play.found_with == [[7]] * look
    assert play.noted == {"version": 1, "generation": 1, "id": 43, "given_up": []}


def test_what_is_never_found_is_uncertain_and_noted_as_an_intent() -> None:
    play = Play(created=UNCERTAIN)
    with pytest.raises(UncertainOutcome):
        play.run()
    assert play.steps == ["snapshot", "create", *LOOKS]
    assert play.noted == {"version": 1, "generation": 1, "before": [7], "given_up": []}


@pytest.mark.parametrize("on_uncertain", ["fail", "resubmit"])
def test_an_uncertain_call_is_never_sent_again_in_the_same_try(
    on_uncertain: Literal["fail", "resubmit"],
) -> None:
    play = Play(created=UNCERTAIN, on_uncertain=on_uncertain)
    with pytest.raises(UncertainOutcome):
        play.run()
    assert play.steps.count("create") == 1


@pytest.mark.parametrize(
    "found", [[candidate(40), candidate(41)], [candidate(41, certain=False)]], ids=["several", "doubtful"]
)
def test_what_may_be_it_is_named(found: list[Candidate]) -> None:
    play = Play(created=UncertainOutcome("may or may not"), listed=[found])
    with pytest.raises(UncertainOutcome) as caught:
        play.run()
    assert caught.value.candidates == [one.description for one in found]


def test_one_that_was_made_and_failed_at_once_is_the_one() -> None:
    play = Play(created=UNCERTAIN, listed=[[candidate(43, failed=True)]])
    assert play.run() == 43


def test_a_failed_one_of_an_earlier_try_is_not_taken_for_what_this_try_made() -> None:
    failed = candidate(41, failed=True)
    play = Play(noted(before=[7]), created=UNCERTAIN, listed=[[failed], [failed], [failed], [failed]])
    with pytest.raises(UncertainOutcome):
        play.run()
    assert play.noted["before"] == [7]


# The service refused


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequest("400"),
        Conflict("409"),
        Refused("false"),
        RateLimited("429", retry_after=100),
        ServiceUnavailable("never left"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_call_that_surely_did_nothing_leaves_no_note(error: Exception) -> None:
    play = Play(created=error)
    with pytest.raises(type(error)):
        play.run()
    assert play.noted is None
    assert play.steps == ["snapshot", "create"]


def test_a_refused_call_after_a_failed_one_leaves_the_failed_one_known() -> None:
    play = Play(noted(id=41, given_up=[40]), asked=True, created=RateLimited("429"))
    with pytest.raises(RateLimited):
        play.run()
    assert play.noted == {"version": 1, "generation": 1, "id": 41, "given_up": [40]}
    again = Play(play.store, first_try=False, asked=True)
    assert again.run() == 42
    assert again.noted == {"version": 1, "generation": 1, "id": 42, "given_up": [40, 41]}


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyboardInterrupt()], ids=repr)
def test_an_error_that_proves_nothing_keeps_the_intent(error: BaseException) -> None:
    play = Play(created=error)
    with pytest.raises(type(error)):
        play.run()
    assert play.noted == {"version": 1, "generation": 1, "before": [7], "given_up": []}


def test_a_snapshot_that_fails_is_before_everything() -> None:
    play = Play()

    def perform(step: Any) -> Any:
        raise ServiceUnavailable("down")

    play.perform = perform  # type: ignore[method-assign]
    with pytest.raises(ServiceUnavailable):
        play.run()
    assert play.noted is None


# Several tries in a row


def test_a_try_that_died_after_the_call_is_found_by_the_next() -> None:
    store = Store()
    with pytest.raises(KeyboardInterrupt):
        Play(store, created=KeyboardInterrupt()).run()
    second = Play(store, first_try=False, listed=[[candidate(42)]])
    assert second.run() == 42
    assert second.found_with == [[7]]
    third = Play(store, first_try=False)
    assert third.run() == 42
    assert third.steps == ["ask"]


# What exists before the first try


def test_create_does_not_look() -> None:
    play = Play(if_exists="create", listed=[[candidate(41)]])
    assert play.run() == 42
    assert "list" not in play.steps


def test_reuse_takes_the_one_that_is_there() -> None:
    play = Play(if_exists="reuse", listed=[[candidate(41)]])
    assert play.run() == 41
    assert play.steps == ["list"]
    assert play.noted == {"version": 1, "generation": 1, "id": 41, "given_up": [], "reused": True}


@pytest.mark.parametrize("if_exists", ["reuse", "fail"])
@pytest.mark.parametrize("proves_absence", [True, False])
def test_it_is_made_where_none_is_there(if_exists: IfExists, proves_absence: bool) -> None:
    """What moves between two pages while they are read is seen by the second look."""
    play = Play(if_exists=if_exists, proves_absence=proves_absence)
    assert play.run() == 42
    after = ["list"] if if_exists == "reuse" else []
    assert play.steps == ["list", "list", "snapshot", "create", *after]


def test_of_two_that_were_made_at_the_same_time_the_task_keeps_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    play = Play(if_exists="reuse", listed=[[], [], [candidate(41), candidate(42)]])
    with caplog.at_level(logging.WARNING):
        assert play.run() == 42
    assert "Made export job 42, and an equal one is there: job 41." in caplog.text


def test_what_the_second_look_finds_is_taken() -> None:
    play = Play(if_exists="reuse", listed=[[], [candidate(41)]])
    assert play.run() == 41
    assert "create" not in play.steps


@pytest.mark.parametrize("first_try", [True, False])
def test_of_several_that_are_equal_all_tasks_take_the_same(
    first_try: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Two tasks made one each at the same time: neither may fail for ever."""
    found = [candidate(100), candidate(41), candidate(99)]
    play = Play(store=None, first_try=first_try, if_exists="reuse", listed=[found])
    with caplog.at_level(logging.WARNING):
        assert play.run() == 41
    assert "Delete the others, if nothing uses them: job 99; job 100." in caplog.text


def test_fail_refuses_to_make_another() -> None:
    play = Play(if_exists="fail", listed=[[candidate(41)]])
    with pytest.raises(Conflict, match="export job exists already: job 41"):
        play.run()
    assert play.steps == ["list"]
    assert play.noted is None


def test_fail_takes_its_own_of_an_earlier_try_all_the_same() -> None:
    play = Play(noted(before=[7]), if_exists="fail", listed=[[candidate(41)]])
    assert play.run() == 41


@pytest.mark.parametrize(
    ("if_exists", "found"),
    [
        ("fail", [candidate(41), candidate(40)]),
        ("fail", [candidate(41, certain=False)]),
        ("reuse", [candidate(41, certain=False)]),
    ],
)
def test_what_is_there_and_cannot_be_told_apart_is_a_conflict(
    if_exists: IfExists, found: list[Candidate]
) -> None:
    play = Play(if_exists=if_exists, listed=[found])
    with pytest.raises(Conflict, match="job 41"):
        play.run()
    assert "create" not in play.steps
