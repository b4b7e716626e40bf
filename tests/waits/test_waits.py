"""What each status means to a wait, and the wait itself: patience, deadlines, events. No network."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_activation import errors
from airflow_provider_activation.api import acoustic_exchange, dataddo, liveramp
from airflow_provider_activation.api.call import Page
from airflow_provider_activation.api.steps import Pause, drive
from airflow_provider_activation.errors import (
    ActivationError,
    AlternateActionRequired,
    AuthenticationFailed,
    Conflict,
    InvalidConnection,
    InvalidRequest,
    JobFailed,
    NotFound,
    NotSupported,
    PermissionDenied,
    RateLimited,
    Refused,
    ServiceUnavailable,
    UnreadableResponse,
    WaitTimeout,
)
from airflow_provider_activation.waits import pace
from airflow_provider_activation.waits import probe as probe_module
from airflow_provider_activation.waits.acoustic_exchange import JobProbe, OnNeedsAction
from airflow_provider_activation.waits.dataddo import FlowRunProbe, SourceRunProbe
from airflow_provider_activation.waits.liveramp import DeliveryProbe, OAuthConnectionAttemptProbe
from airflow_provider_activation.waits.probe import (
    MOST_ODD_ANSWERS,
    Blocked,
    Done,
    Failed,
    Outcome,
    Pending,
    Probe,
    event_of_error,
    event_of_result,
    result_of_event,
    wait,
)

BEFORE = "2026-11-22T10:00:00+00:00"
LATER = datetime(2026, 11, 22, 11, tzinfo=UTC)
EARLIER = datetime(2026, 11, 22, 9, tzinfo=UTC)


def look(probe: Probe, answer: Any) -> Outcome:
    """Ask a probe, and answer with this."""
    return drive(probe.look(), lambda call: answer)


def job(status: str) -> acoustic_exchange.Job:
    return acoustic_exchange.Job.model_validate({"jobId": 9007199254740993, "status": status})


class TestJob:
    @pytest.mark.parametrize(
        ("status", "on_needs_action", "kind"),
        [
            ("COMPLETE", "fail", Done),
            ("COMPLETED", "fail", Done),
            (" complete ", "fail", Done),
            ("FAILED", "fail", Failed),
            ("CANCELED", "fail", Failed),
            ("CANCELLED", "fail", Failed),
            ("PENDING", "fail", Pending),
            ("RUNNING", "fail", Pending),
            ("WAITING_TO_RECIEVE_DATA", "fail", Blocked),
            ("WAITING_TO_RECEIVE_DATA", "fail", Blocked),
            ("WAITING_TO_RECIEVE_DATA", "return", Done),
            ("WAITING_TO_RECIEVE_DATA", "wait", Pending),
            ("READY_FOR_DOWNLOAD", "fail", Blocked),
            ("READY_FOR_DOWNLOAD", "return", Done),
            ("READY_FOR_DOWNLOAD", "wait", Pending),
            ("SOMETHING_NEW", "fail", Pending),
            ("", "fail", Pending),
        ],
    )
    def test_status(self, status: str, on_needs_action: OnNeedsAction, kind: type) -> None:
        outcome = look(JobProbe("SEGMENT_EXPORT", 1, on_needs_action=on_needs_action), job(status))
        assert isinstance(outcome, kind)

    def test_an_unknown_status_is_said_to_be_unknown(self) -> None:
        assert look(JobProbe("SEGMENT_EXPORT", 1), job("ODD")) == Pending("ODD", known=False)

    @pytest.mark.parametrize("spelling", ["WAITING_TO_RECIEVE_DATA", "WAITING_TO_RECEIVE_DATA"])
    def test_either_spelling_is_waited_for(self, spelling: str) -> None:
        probe = JobProbe("SEGMENT_EXPORT", 1, target_statuses=("WAITING_TO_RECEIVE_DATA",))
        assert isinstance(look(probe, job(spelling)), Done)

    def test_a_job_that_passed_its_target_does_not_hang(self) -> None:
        probe = JobProbe("SEGMENT_EXPORT", 1, target_statuses=("READY_FOR_DOWNLOAD",))
        assert isinstance(look(probe, job("COMPLETE")), Failed)


class TestOAuthConnectionAttempt:
    @pytest.mark.parametrize(
        ("fields", "kind"),
        [
            ({"status": "PENDING"}, Pending),
            ({"status": "PROCESSING"}, Pending),
            ({"status": "AUTHORIZED", "oAuthConnectionID": "7"}, Done),
            ({"status": "AUTHORIZED"}, Pending),
            ({"status": "FAILED", "statusDetail": "denied"}, Failed),
            ({"status": "REVOKED"}, Pending),
        ],
    )
    def test_status(self, fields: dict[str, str], kind: type) -> None:
        attempt = liveramp.OAuthConnectionAttempt.model_validate({"id": "a", **fields})
        assert isinstance(look(OAuthConnectionAttemptProbe("a"), attempt), kind)

    def test_why_it_failed_is_said_without_the_person(self) -> None:
        fields = {"id": "a", "status": "FAILED", "statusDetail": "ann@example.com has no such account"}
        attempt = liveramp.OAuthConnectionAttempt.model_validate(fields)
        outcome = look(OAuthConnectionAttemptProbe("a"), attempt)
        assert outcome == Failed("... has no such account")


class TestDelivery:
    def outcome(self, *deliveries: dict[str, Any], updated_after: str | None = None) -> Outcome:
        page = Page(tuple(liveramp.Delivery.model_validate({"id": "d", **d}) for d in deliveries))
        return look(DeliveryProbe("c", ("1", "2"), updated_after), page)

    def test_every_segment_has_to_be_delivered(self) -> None:
        one = {"segmentID": "1", "status": "DELIVERED"}
        assert isinstance(self.outcome(one), Pending)
        assert isinstance(self.outcome(one, {"segmentID": "2", "status": "IN_PROGRESS"}), Pending)
        done = self.outcome(one, {"segmentID": "2", "status": "DELIVERED"})
        assert isinstance(done, Done)
        assert [delivery["segmentID"] for delivery in done.result] == ["1", "2"]

    @pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
    def test_one_failure_is_a_failure(self, status: str) -> None:
        outcome = self.outcome({"segmentID": "2", "status": status})
        assert outcome == Failed(f"segment 2: delivery d is {status}")

    def test_the_latest_delivery_counts(self) -> None:
        old = {"segmentID": "1", "status": "FAILED", "updatedAt": "2026-11-20T00:00:00Z"}
        new = {"segmentID": "1", "status": "DELIVERED", "updatedAt": "2026-11-21T00:00:00Z"}
        other = {"segmentID": "2", "status": "DELIVERED"}
        assert isinstance(self.outcome(new, old, other), Done)

    def test_earlier_deliveries_can_be_left_out(self) -> None:
        old = {"segmentID": "1", "status": "DELIVERED", "updatedAt": "2026-11-20T00:00:00Z"}
        new = {"segmentID": "2", "status": "DELIVERED", "updatedAt": "2026-11-22T00:00:00Z"}
        assert isinstance(self.outcome(old, new, updated_after="2026-11-21T00:00:00+00:00"), Pending)

    def test_withdrawals_and_other_segments_do_not_count(self) -> None:
        gone = {"segmentID": "1", "status": "DELIVERED", "operationType": "DELETE"}
        other = {"segmentID": "9", "status": "FAILED"}
        assert isinstance(self.outcome(gone, other), Pending)


class TestRun:
    @pytest.mark.parametrize(
        ("state", "started", "finished", "kind"),
        [
            ("live", EARLIER, EARLIER, Pending),  # the run before, right after the enqueue
            ("live", LATER, EARLIER, Pending),
            ("live", LATER, LATER, Done),
            ("running", LATER, EARLIER, Pending),
            ("retrying", LATER, EARLIER, Pending),
            ("broken", LATER, LATER, Failed),
            ("broken", EARLIER, EARLIER, Pending),  # the run before broke
            ("inactive", EARLIER, EARLIER, Failed),
            ("LIVE", LATER, LATER, Done),
            ("odd", LATER, LATER, Pending),
            ("live", None, None, Pending),
        ],
    )
    @pytest.mark.parametrize("kind_of_probe", [SourceRunProbe, FlowRunProbe])
    def test_status(self, kind_of_probe: Any, state: str, started: Any, finished: Any, kind: type) -> None:
        status = dataddo.RunStatus(status=state, last_run_started=started, last_run_finished=finished)
        assert isinstance(look(kind_of_probe(BEFORE, BEFORE, "id"), status), kind)

    def test_why_it_broke_is_said_without_the_person(self) -> None:
        told = "row 3: ann@example.com, +46701740605"
        status = dataddo.RunStatus(
            status="broken", last_run_started=LATER, last_run_finished=LATER, description=told
        )
        outcome = look(FlowRunProbe(BEFORE, BEFORE, "id"), status)
        assert outcome == Failed("it is broken: row 3: ..., ...")

    def test_the_first_run_ever(self) -> None:
        status = dataddo.RunStatus(status="live", last_run_started=LATER, last_run_finished=LATER)
        assert isinstance(look(SourceRunProbe(None, None, "id"), status), Done)

    def test_a_moment_without_zone_is_read_as_utc(self) -> None:
        status = dataddo.RunStatus.model_validate(
            {
                "status": "live",
                "lastRunStarted": "2026-11-22 11:00:00",
                "lastRunFinished": "2026-11-22 11:01:00",
            }
        )
        assert isinstance(look(SourceRunProbe(BEFORE, BEFORE, "id"), status), Done)


PROBES: list[Probe] = [
    JobProbe("SEGMENT_EXPORT", 9007199254740993, ("COMPLETE", "READY_FOR_DOWNLOAD"), "wait"),
    OAuthConnectionAttemptProbe("a"),
    DeliveryProbe("c", ("1", "2"), BEFORE),
    SourceRunProbe(None, BEFORE, "s"),
    FlowRunProbe(BEFORE, None, "f"),
]


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: type(probe).__name__)
def test_a_probe_survives_being_written_down(probe: Probe) -> None:
    name, fields = json.loads(json.dumps(probe.dump()))
    assert Probe.load(name, fields) == probe


def test_only_probes_are_loaded() -> None:
    with pytest.raises(TypeError, match="is not a probe"):
        Probe.load("airflow_provider_activation.transport.Transport", "{}")


class Clock:
    """The time of the wall, which may be set, and the time that really passes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.real = time.time(), 0.0
        stand_in = SimpleNamespace(time=lambda: self.wall, monotonic=lambda: self.real)
        monkeypatch.setattr(probe_module, "time", stand_in)

    def pass_by(self, seconds: float) -> None:
        self.wall, self.real = self.wall + seconds, self.real + seconds


class TestWait:
    """The loop, driven by hand: what it is answered, and how long it pauses."""

    def run(
        self, answers: Iterator[Any], *, poll_interval: float = 10, deadline: float | None = None
    ) -> tuple[Any, list[float]]:
        pauses: list[float] = []

        def perform(step: Any) -> Any:
            if isinstance(step, Pause):
                pauses.append(step.seconds)
                return None
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        probe = JobProbe("SEGMENT_EXPORT", 1)
        steps = wait(probe, poll_interval=poll_interval, deadline=deadline or time.time() + 100_000)
        return drive(steps, perform), pauses

    def test_asks_until_it_is_done(self) -> None:
        result, pauses = self.run(iter([job("PENDING"), job("RUNNING"), job("COMPLETE")]))
        assert result["status"] == "COMPLETE"
        assert len(pauses) == 2

    def test_asks_soon_at_first_and_then_by_the_interval(self) -> None:
        _, pauses = self.run(iter([*[job("RUNNING")] * 20, job("COMPLETE")]))
        assert 0.9 <= pauses[0] <= 1.1
        assert all(9 <= pause <= 11 for pause in pauses[6:])
        assert len(set(pauses)) > 15, "nothing spreads the questions of waits begun together"

    @pytest.mark.parametrize(
        "odd",
        [
            UnreadableResponse("it is not JSON", body="<html>maintenance"),
            InvalidRequest("answered 400", status=400),
            AlternateActionRequired("answered 308", status=308),
            NotFound("answered 404", status=404),
            NotSupported("answered 501", status=501),
            Conflict("answered 409", status=409),
            Refused("it answered false"),
            TypeError("what nobody expected"),
        ],
        ids=lambda odd: type(odd).__name__,
    )
    def test_some_odd_answers_are_lived_through_at_the_poll_interval(
        self, odd: Exception, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pace, "NOT_FOUND_FOR", 0.0)
        some = [odd] * MOST_ODD_ANSWERS
        answers = [*some, job("RUNNING"), *some, ServiceUnavailable("503"), *some, job("COMPLETE")]
        result, pauses = self.run(iter(answers), poll_interval=60)
        assert result["status"] == "COMPLETE"
        assert all(54 <= pause <= 66 for pause in pauses[:MOST_ODD_ANSWERS])
        with pytest.raises(ActivationError) as caught:
            self.run(iter([*some, odd]))
        assert isinstance(caught.value, type(odd) if isinstance(odd, ActivationError) else UnreadableResponse)

    def test_not_found_is_not_yet_for_a_while(self, monkeypatch: pytest.MonkeyPatch) -> None:
        missing = NotFound("answered 404", status=404)
        result, _ = self.run(iter([*[missing] * 20, job("COMPLETE")]))
        assert result["status"] == "COMPLETE"
        with pytest.raises(WaitTimeout, match="still 'not found yet'"):
            self.run(iter([missing]), deadline=time.time() - 1)
        monkeypatch.setattr(pace, "NOT_FOUND_FOR", 0.0)
        with pytest.raises(NotFound):
            self.run(iter([missing] * 20))

    def test_garbage_until_the_deadline_is_told(self) -> None:
        garbage = UnreadableResponse("it is not JSON", body="<html>maintenance")
        with pytest.raises(WaitTimeout, match="no answer: it is not JSON") as caught:
            self.run(iter([garbage]), deadline=time.time() - 1)
        assert "The service said: <html>maintenance" in str(caught.value).splitlines()

    def test_a_failure_is_an_error(self) -> None:
        with pytest.raises(JobFailed, match="SEGMENT_EXPORT job 1 failed: it is CANCELED"):
            self.run(iter([job("CANCELED")]))

    @pytest.mark.parametrize("outage", [ServiceUnavailable("503"), RateLimited("429")])
    def test_an_outage_is_lived_through_with_growing_pauses(self, outage: ActivationError) -> None:
        result, pauses = self.run(iter([*[outage] * 2000, job("COMPLETE")]), poll_interval=60)
        assert result["status"] == "COMPLETE"
        assert pauses[0] < 15
        assert all(540 <= pause <= 660 for pause in pauses[20:])

    def test_an_outage_that_lasts_ends_with_the_wait(self) -> None:
        with pytest.raises(WaitTimeout, match="no answer: 503"):
            self.run(iter([ServiceUnavailable("503")]), deadline=time.time() - 1)

    @pytest.mark.parametrize(
        "final",
        [
            PermissionDenied("no", status=403),
            AuthenticationFailed("no", status=401),
            InvalidConnection("no key"),
            InvalidRequest("an id is empty"),
        ],
        ids=lambda final: type(final).__name__,
    )
    def test_what_cannot_get_better_ends_it_at_once(self, final: ActivationError) -> None:
        with pytest.raises(type(final)):
            self.run(iter([final]))

    def test_a_look_that_outlasts_the_deadline_is_not_the_last(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = Clock(monkeypatch)

        def answers() -> Iterator[Any]:
            clock.pass_by(30)
            yield ServiceUnavailable("no answer in time")
            yield job("COMPLETE")

        result, pauses = self.run(answers(), deadline=time.time() + 20)
        assert (result["status"], pauses) == ("COMPLETE", [])

    @pytest.mark.parametrize("hours", [7, -7])
    def test_a_clock_that_is_set_changes_nothing(self, hours: int, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = Clock(monkeypatch)
        polls: list[float] = []

        def answers() -> Iterator[Any]:
            clock.wall += hours * 3600
            while clock.real < 6 * 3600 + 60:
                polls.append(clock.real)
                yield job("RUNNING")
                clock.pass_by(600)

        with pytest.raises(WaitTimeout):
            self.run(answers(), poll_interval=600, deadline=clock.wall + 6 * 3600)
        assert polls[-1] >= 6 * 3600

    def test_ends_at_its_deadline(self) -> None:
        with pytest.raises(WaitTimeout, match="still 'RUNNING'"):
            self.run(iter([job("RUNNING")] * 3), deadline=time.time() - 1)

    def test_an_unknown_status_is_said_once(self, caplog: pytest.LogCaptureFixture) -> None:
        self.run(iter([job("ODD"), job("ODD"), job("COMPLETE")]))
        assert caplog.text.count("which no document names") == 1


class TestEvents:
    def test_a_result_arrives(self) -> None:
        assert result_of_event(json.loads(json.dumps(event_of_result({"jobId": 1})))) == {"jobId": 1}

    @pytest.mark.parametrize(
        "kind",
        [
            kind
            for kind in vars(errors).values()
            if isinstance(kind, type) and issubclass(kind, ActivationError)
        ],
    )
    def test_an_error_arrives_as_itself(self, kind: type[ActivationError]) -> None:
        sent = kind("what", service="LiveRamp", operation="list_deliveries", status=403, body="said")
        with pytest.raises(kind) as caught:
            result_of_event(json.loads(json.dumps(event_of_error(sent))))
        assert type(caught.value) is kind
        assert str(caught.value) == str(sent)

    @pytest.mark.parametrize("event", [None, {}, {"status": "success"}])
    def test_an_event_of_somebody_else_is_not_green(self, event: Any) -> None:
        with pytest.raises(ActivationError, match="cannot be read"):
            result_of_event(event)
