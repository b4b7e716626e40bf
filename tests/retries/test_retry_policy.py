"""Which failures another try may cure, on Airflow 3.3 by policy and before it by exception."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException
from airflow.sdk import DAG
from example_tasks import create_activity

from airflow_provider_activation import airflow_compat, errors
from airflow_provider_activation.errors import (
    ActivationError,
    InvalidRequest,
    RateLimited,
    ServiceUnavailable,
)
from airflow_provider_activation.sensors.acoustic_exchange import AcousticExchangeJobSensor

IN_VAIN = {
    "UnfitAudience",
    "AlternateActionRequired",
    "AuthenticationFailed",
    "Declined",
    "EarlierTaskFailed",
    "InvalidArgument",
    "InvalidConnection",
    "InvalidRequest",
    "NotAsAsked",
    "NotFound",
    "NotSupported",
    "PermissionDenied",
}
KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, ActivationError) and kind.__module__ == errors.__name__
]

needs_policies = pytest.mark.skipif(not airflow_compat.RETRY_POLICIES, reason="Airflow has no retry policies")


def test_what_is_in_vain() -> None:
    assert {kind.__name__ for kind in KINDS if not kind.retry_helps} == IN_VAIN


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_being_written_down(kind: type[ActivationError]) -> None:
    own: dict[str, Any] = {
        "retry_after": 7.0,
        "share_action": "REPLACE",
        "failed": {"1": "why"},
        "result": [1],
    }
    own |= {"candidates": ["job 1"], "retry_helps": False}
    own |= {"why": "it hung up", "looked_for": "a job", "looks": 4, "looked_seconds": 0.5}
    given = {name: own[name] for name in kind.own_fields}
    given |= {
        "status": 400,
        "body": "b",
        "request": "GET /v2",
        "sent": {"name": "Win-back"},
    }
    error = kind("went wrong", service="LiveRamp", operation="get", **given)
    again = ActivationError.from_json(error.as_json())
    assert type(again) is kind
    assert vars(again) == vars(error)
    assert str(again) == str(error)
    error = kind("went wrong", advice="Do this.", **given)
    assert str(error).splitlines()[-1] == "What to do: Do this."
    assert vars(ActivationError.from_json(error.as_json())) == vars(error)


@pytest.mark.parametrize("name", ["Mapping", "annotations", "__builtins__", "NoSuchError", "", None])
def test_an_error_nobody_knows_is_still_an_error(name: Any) -> None:
    assert type(ActivationError.from_json({"kind": name, "message": "m"})) is ActivationError


@needs_policies
class TestPolicy:
    def decide(self, error: Exception) -> Any:
        from airflow_provider_activation.retry_policy import ActivationRetryPolicy

        return ActivationRetryPolicy().evaluate(error, 1, 3)

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_cannot_get_better_fails_at_once(self, kind: type[ActivationError]) -> None:
        decision = self.decide(kind("went wrong"))
        assert (decision.action.value == "fail") is (kind.__name__ in IN_VAIN)

    def test_a_rate_limit_waits_as_long_as_it_says(self) -> None:
        decision = self.decide(RateLimited("slowly", retry_after=321.0))
        assert (decision.action.value, decision.retry_delay) == ("retry", timedelta(seconds=321))
        assert self.decide(RateLimited("slowly")).action.value == "default"

    def test_of_other_errors_it_knows_nothing(self) -> None:
        assert self.decide(ValueError("a bug")).action.value == "default"

    def test_every_task_has_it(self) -> None:
        from airflow_provider_activation.retry_policy import ActivationRetryPolicy

        assert isinstance(create_activity().retry_policy, ActivationRetryPolicy)
        sensor = AcousticExchangeJobSensor(task_id="wait", job_id=1)
        assert isinstance(sensor.retry_policy, ActivationRetryPolicy)

    def test_another_is_left_alone(self) -> None:
        from airflow.sdk import ExceptionRetryPolicy

        own = ExceptionRetryPolicy([])
        assert create_activity(retry_policy=own).retry_policy is own
        with DAG("a_dag", default_args={"retry_policy": own}):
            assert create_activity().retry_policy is own


class TestBeforeThem:
    @pytest.fixture(autouse=True)
    def without(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(airflow_compat, "RETRY_POLICIES", False)

    def run(self, error: Exception) -> None:
        @airflow_compat.without_vain_retries
        def fail() -> None:
            raise error

        fail()

    def test_what_cannot_get_better_is_not_retried(self) -> None:
        with pytest.raises(AirflowFailException, match="a retry will not help"):
            self.run(InvalidRequest("job_id must be a number."))

    def test_the_rest_is(self) -> None:
        with pytest.raises(ServiceUnavailable):
            self.run(ServiceUnavailable("503"))


@pytest.mark.parametrize("soft_fail", [True, False])
def test_a_sensor_that_fails_for_good_is_not_skipped(soft_fail: bool) -> None:
    """Airflow skips a softly failing sensor whose poke raises AirflowFailException."""
    sensor = AcousticExchangeJobSensor(task_id="wait", job_id="{{ x }}", soft_fail=soft_fail)
    with pytest.raises((InvalidRequest, AirflowFailException)) as failure:
        sensor.execute({})
    assert not isinstance(failure.value, AirflowSkipException)
