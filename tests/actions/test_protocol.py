"""At most once: every way a submission can go, driven with scripted answers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from airflow_provider_activation.actions.base import (
    ACKNOWLEDGED_FOR,
    LOOKS_AFTER_DOUBT,
    Action,
    Candidate,
    Doubt,
    IfExists,
    OnUncertain,
    submit,
)
from airflow_provider_activation.actions.memory import Memory
from airflow_provider_activation.api.call import Call, Safety
from airflow_provider_activation.api.steps import Pause, drive
from airflow_provider_activation.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    RateLimited,
    Refused,
    ServiceUnavailable,
    UncertainOutcome,
)

KEY = "activation_export_job"


def call(operation: str) -> Call[Any]:
    safety = Safety.ONCE if operation == "create" else Safety.READ
    return Call("POST", "/jobs", "/jobs", safety, lambda answer: None, service="Example", operation=operation)


CREATE, LIST, ASK, SNAPSHOT = call("create"), call("list"), call("ask"), call("snapshot")


@dataclass
class Store:
    """A task state store that is a dictionary."""

    kept: dict[str, Any] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def get(self, key: str, default: Any = None) -> Any:
        return self.kept.get(key, default)

    def set(self, key: str, value: Any) -> None:
        self.told.append(f"set {'id' if 'id' in value else 'before'}")
        self.kept[key] = value

    def delete(self, key: str) -> None:
        self.told.append("delete")
        self.kept.pop(key, None)


@dataclass
class Play:
    """A service that answers as scripted, and a submission to it.

    :param listed: what each look finds, the last again and again.
    :param created: what the create call answers, or raises.
    :param asked: what the question after a known id answers (whether it failed), or raises.
    """

    store: Store | None = field(default_factory=Store)
    first_try: bool = True
    generation: int = 1
    listed: list[list[Candidate]] = field(default_factory=lambda: [[]])
    created: Any = 42
    asked: Any = False
    if_exists: IfExists = "create"
    proves_absence: bool = True
    on_uncertain: OnUncertain = "fail"
    can_ask: bool = True
    steps: list[str] = field(default_factory=list)
    found_with: list[Any] = field(default_factory=list)

    def run(self) -> Any:
        action = ExportJob(play=self, if_exists=self.if_exists)
        memory = Memory(self.store, generation=self.generation, first_try=self.first_try)
        return drive(submit(action, memory, on_uncertain=self.on_uncertain), self.perform)

    def perform(self, step: Any) -> Any:
        if isinstance(step, Pause):
            self.steps.append(f"pause {step.seconds:g}")
            return None
        self.steps.append(step.operation)
        answers: dict[str, Any] = {"create": self.created, "ask": self.asked, "snapshot": [7]}
        if step.operation == "list":
            answer: Any = self.listed.pop(0) if len(self.listed) > 1 else self.listed[0]
        else:
            answer = answers[step.operation]
            if step.operation == "ask" and isinstance(answer, list):
                answer = answer.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @property
    def noted(self) -> Any:
        """What the next try will find of this one."""
        assert self.store is not None
        note = self.store.kept.get(KEY)
        if not isinstance(note, dict):
            return note
        return {name: value for name, value in note.items() if name != "at"}


@dataclass(frozen=True, kw_only=True)
class ExportJob(Action):
    """What is made at the service of a play."""

    noun = "export job"

    play: Play

    @property
    def proves_absence(self) -> bool:  # type: ignore[override]
        return self.play.proves_absence

    def create(self) -> Call[Any]:
        return CREATE

    async def find(self, doubt: Doubt | None) -> Sequence[Candidate]:
        self.play.found_with.append(doubt and doubt.before)
        found: Sequence[Candidate] = await LIST
        return found

    async def recall(self, made: Any) -> bool:
        return self.play.can_ask and bool(await ASK)

    async def before(self) -> Any:
        return await SNAPSHOT

    def is_id(self, stored: Any) -> bool:
        return isinstance(stored, int)


def noted(**fields: Any) -> Store:
    return Store({KEY: {"version": 1, "generation": 1, **fields}})


def candidate(number: int, **options: Any) -> Candidate:
    return Candidate(number, f"job {number}", **options)


UNCERTAIN = UncertainOutcome("POST /jobs may or may not have taken effect.")
LOOKS = ["list", *(s for seconds in LOOKS_AFTER_DOUBT for s in (f"pause {seconds:g}", "list"))]
"""What is done as long as nothing is found."""


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
    with pytest.raises(UncertainOutcome, match="cannot show whether it did") as caught:
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
    assert "Export job 42 was made, and an equal one is there: job 41." in caplog.text


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
