"""When a job runs and over which days, as an operator is told."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any, cast

import pytest
from example_tasks import export

from airflow_provider_activation.api.acoustic_exchange import ScheduleDetails
from airflow_provider_activation.errors import InvalidRequest

DAYS = {"data_interval_start": datetime(2026, 11, 26, 23, tzinfo=UTC), "data_interval_end": None}
DAYS["data_interval_end"] = datetime(2026, 11, 27, 23, tzinfo=UTC)


def sent(schedule: Any, **context: Any) -> Any:
    """The schedule in the body of the export."""
    operator = export(schedule_details=schedule)
    operator.render_template_fields(cast("Any", context))
    operator.refuse_unfit_arguments()
    return operator.submission("0123456789ab").export.body()["scheduleDetails"]


def test_the_time_slice_is_the_data_interval() -> None:
    slice_ = {"time_slice": "data_interval", "timezone": "Europe/Stockholm"}
    found = sent(slice_, **DAYS)
    assert (found["timeSliceStartDate"], found["timeSliceEndDate"]) == ("11/27/2026", "11/27/2026")
    assert found["runNow"] is True


def test_a_run_without_a_data_interval_has_no_time_slice() -> None:
    slice_ = {"time_slice": "data_interval", "timezone": "Europe/Stockholm"}
    with pytest.raises(InvalidRequest, match="no data interval"):
        sent(slice_, data_interval_start=None, data_interval_end=None)


def test_a_field_of_a_schedule_may_be_a_template() -> None:
    assert sent({"runNow": True, "startDate": "{{ day }}"}, day="11/27/2026")["startDate"] == "11/27/2026"
    assert sent(ScheduleDetails.run_now())["runNow"] is True
    assert sent(lambda context, jinja_env: ScheduleDetails.run_now())["runNow"] is True


def test_a_wrong_schedule_is_refused_when_the_dag_is_parsed() -> None:
    with pytest.raises(InvalidRequest, match="startHour"):
        export(schedule_details={"startHour": "25"})


def test_a_job_that_runs_later_is_waited_for_only_if_asked() -> None:
    weekly = ScheduleDetails.weekly(["MON"], time(8))
    assert export(schedule_details=weekly).wait_for_completion is False
    assert export(schedule_details=weekly, wait_for_completion=True).wait_for_completion is True
    asked = {"wait_for_completion": True}
    assert export(schedule_details=weekly, default_args=asked).wait_for_completion is True
    assert export(schedule_details=ScheduleDetails.run_now()).wait_for_completion is True
    assert export().wait_for_completion is True
