"""At most once: a later try that cannot know what became of the call before, driven with scripted answers."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from submission_play import KEY, LOOKS, UNCERTAIN, ExportJob, Play, Store, candidate, noted

from airflow_provider_activation.actions.base import (
    ACKNOWLEDGED_FOR,
    Candidate,
    submit,
)
from airflow_provider_activation.actions.memory import Memory
from airflow_provider_activation.api.steps import drive
from airflow_provider_activation.errors import (
    ServiceUnavailable,
    UncertainOutcome,
)

# An intent without an id, or nothing that could be noted

UNKNOWN: list[dict[str, Any]] = [
    {"store": noted(before=[7])},
    {"store": noted(before=None)},
    {"store": None, "first_try": False},
    {"store": Store({KEY: "written by another version"})},
    {"store": Store({KEY: {"version": 2, "generation": 1, "id": 41}})},
    {"store": Store({KEY: {"version": 1, "id": 41}})},
    {"store": noted()},
    {"store": noted(id="forty-one")},
    {"store": noted(id=41, given_up="none")},
    {"store": noted(before="a text")},
]
UNKNOWN_IDS = [
    "intent",
    "intent without a snapshot",
    "no store",
    "unreadable note",
    "note of another version",
    "note that lacks its generation",
    "note that says nothing",
    "id that can be none",
    "given up that is no list",
    "snapshot that can be none",
]


def unknown(index: int) -> dict[str, Any]:
    """A beginning in which an earlier try may have made it; each test gets a store of its own."""
    given = dict(UNKNOWN[index])
    if isinstance(given["store"], Store):
        given["store"] = Store(dict(given["store"].kept))
    return given


every_unknown = pytest.mark.parametrize("index", range(len(UNKNOWN)), ids=UNKNOWN_IDS)


@every_unknown
def test_the_one_that_is_found_is_taken(index: int) -> None:
    play = Play(**unknown(index), listed=[[candidate(41)]])
    assert play.run() == 41
    assert play.steps == ["list"]
    if play.store:
        assert play.noted == {"version": 1, "generation": 1, "id": 41, "given_up": []}


@every_unknown
def test_none_is_found_where_a_list_proves_it_so_it_is_made(index: int) -> None:
    play = Play(**unknown(index), listed=[[]])
    assert play.run() == 42
    assert play.steps == [*LOOKS, "snapshot", "create"]


@every_unknown
@pytest.mark.parametrize("look", [2, 3, 4])
def test_what_is_listed_late_is_not_made_again(index: int, look: int) -> None:
    play = Play(**unknown(index), listed=[*[[] for _ in range(look - 1)], [candidate(41)]])
    assert play.run() == 41
    assert play.steps == LOOKS[: 2 * look - 1]


@every_unknown
def test_none_is_found_where_a_list_proves_nothing_so_nothing_is_sent(index: int) -> None:
    play = Play(**unknown(index), listed=[[]], proves_absence=False)
    with pytest.raises(UncertainOutcome, match="cannot show it") as caught:
        play.run()
    assert play.steps == LOOKS
    assert caught.value.candidates == []


@every_unknown
@pytest.mark.parametrize(
    ("found", "looks"),
    [([candidate(40), candidate(41)], LOOKS[:1]), ([candidate(41, certain=False)], LOOKS)],
    ids=["several", "doubtful"],
)
def test_several_or_a_doubtful_one_are_for_a_person_to_look_at(
    index: int, found: list[Candidate], looks: list[str]
) -> None:
    """After a doubtful one, which may be somebody else's, the task's own may still show."""
    play = Play(**unknown(index), listed=[found])
    with pytest.raises(UncertainOutcome) as caught:
        play.run()
    assert play.steps == looks
    assert caught.value.candidates == [one.description for one in found]
    assert "job 41" in str(caught.value)


@every_unknown
@pytest.mark.parametrize(
    "found",
    [[], [candidate(40), candidate(41)], [candidate(41, certain=False)]],
    ids=["none", "several", "doubtful"],
)
def test_it_is_made_again_where_the_user_said_so(
    index: int, found: list[Candidate], caplog: pytest.LogCaptureFixture
) -> None:
    play = Play(**unknown(index), listed=[found], proves_absence=False, on_uncertain="resubmit")
    with caplog.at_level(logging.WARNING):
        assert play.run() == 42
    looks = LOOKS[:1] if any(one.certain for one in found) else LOOKS
    assert play.steps == [*looks, "snapshot", "create"]
    assert "made again, as on_uncertain says" in caplog.text


@every_unknown
def test_only_failed_ones_are_found_so_another_is_made(index: int) -> None:
    play = Play(**unknown(index), listed=[[candidate(41, failed=True)]], proves_absence=False)
    assert play.run() == 42


@every_unknown
def test_the_one_among_failed_ones_is_taken(index: int) -> None:
    play = Play(**unknown(index), listed=[[candidate(40, failed=True), candidate(41)]])
    assert play.run() == 41


def test_the_look_gets_the_snapshot_where_it_was_noted() -> None:
    play = Play(noted(before=[7]), listed=[[candidate(41)]])
    play.run()
    assert play.found_with == [[7]]
    play = Play(None, first_try=False, listed=[[candidate(41)]])
    play.run()
    assert play.found_with == [None]


def test_a_look_that_fails_leaves_the_note_as_it_was() -> None:
    store = noted(before=[7])
    play = Play(store)
    play.listed = [ServiceUnavailable("down")]  # type: ignore[list-item]
    with pytest.raises(ServiceUnavailable):
        play.run()
    assert play.noted == {"version": 1, "generation": 1, "before": [7]}
    assert play.steps == ["list"]


def test_an_unreadable_note_is_said_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Play(Store({KEY: "CANARY"})).run()
    assert "cannot be read" in caplog.text
    assert "CANARY" not in caplog.text


@every_unknown
@pytest.mark.parametrize(
    ("found", "is_taken"),
    [
        ([candidate(41, certain=False)], True),
        ([candidate(40, certain=False), candidate(41, certain=False)], False),
        ([], False),
    ],
    ids=["one", "several", "none"],
)
def test_adopt_takes_the_one_that_may_be_it(index: int, found: list[Candidate], is_taken: bool) -> None:
    play = Play(**unknown(index), listed=[found], proves_absence=False, on_uncertain="adopt")
    if is_taken:
        assert play.run() == 41
    else:
        with pytest.raises(UncertainOutcome):
            play.run()
    assert "create" not in play.steps


def test_adopt_takes_it_in_the_try_whose_answer_was_lost_too() -> None:
    play = Play(created=UNCERTAIN, listed=[[candidate(41, certain=False)]], on_uncertain="adopt")
    assert play.run() == 41


@pytest.mark.parametrize(("passed", "looks"), [(0, 7), (40, 6), (59.5, 2), (61, 1), (-5, 7), (None, 7)])
def test_the_time_since_the_call_counts(
    passed: float | None, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not finding proves something a minute after the call, whenever the task is tried again."""
    monkeypatch.setattr("time.time", lambda: 1000.0)
    at = {} if passed is None else {"at": 1000.0 - passed}
    play = Play(noted(before=[7], **at))
    assert play.run() == 42
    assert play.steps.count("list") == looks
    pauses = sum(float(step.split()[1]) for step in play.steps if step.startswith("pause"))
    assert pauses == pytest.approx(max(0.0, 60 - max(0.0, passed or 0.0)))


def test_what_was_acknowledged_is_waited_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service answered 202 and no id, and shows it after five minutes."""
    monkeypatch.setattr("time.time", lambda: 1000.0)
    acknowledged = UncertainOutcome("the service took the request.", status=202)
    first = Play(created=acknowledged)
    with pytest.raises(UncertainOutcome):
        first.run()
    assert first.store is not None
    assert first.store.kept[KEY]["acknowledged"] is True
    monkeypatch.setattr("time.time", lambda: 1070.0)
    later = Play(first.store, listed=[*[[] for _ in range(12)], [candidate(43)]])
    assert later.run() == 43
    assert "create" not in later.steps
    monkeypatch.setattr("time.time", lambda: 1000.0 + ACKNOWLEDGED_FOR + 1)
    again = Play(Store({KEY: {**first.store.kept[KEY], "before": [7]}}))
    again.store.kept[KEY].pop("id", None)  # type: ignore[union-attr]
    assert again.run() == 42


def test_a_later_try_keeps_the_snapshot_of_the_first_if_a_key_tells_them_apart() -> None:
    """What the first call made may show at last, after the second snapshot would have been taken."""

    class Keyed(ExportJob):
        @property
        def own_key(self) -> str:
            return "0a1b2c3d4e5f"

    play = Play(noted(before=[3]), created=UNCERTAIN, listed=[[] for _ in range(7)] + [[candidate(41)]])
    memory = Memory(play.store, generation=1, first_try=False)
    assert drive(submit(Keyed(play=play), memory), play.perform) == 41
    assert "snapshot" not in play.steps
    assert play.found_with == [[3]] * 8


def test_without_a_supervisor_nothing_is_sent() -> None:
    """Another try may run already: its supervisor has died, and this process lives on."""

    def fence() -> None:
        raise BrokenPipeError("no supervisor")

    play = Play()
    memory = Memory(None, generation=1, first_try=True, fence=fence)
    with pytest.raises(BrokenPipeError):
        drive(submit(ExportJob(play=play), memory), play.perform)
    assert play.steps == ["snapshot"]
