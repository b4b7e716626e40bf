"""Acoustic Exchange: when a job runs, and which days' records it takes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from endpoints.acoustic_exchange import EXPORT

from airflow_provider_activation.api import acoustic_exchange as api
from airflow_provider_activation.errors import InvalidRequest


@pytest.mark.parametrize("spelling", ["runs_now", "run_now", "runNow"])
def test_run_now_is_understood_in_every_spelling(spelling: str) -> None:
    assert api.ScheduleDetails.model_validate({spelling: True}).body() == {"runNow": True}
    assert api.ScheduleDetails.run_now().body() == {"runNow": True}


def test_a_weekly_job_says_null_where_the_document_does() -> None:
    weekly = api.ScheduleDetails.weekly(
        ["THU", "MON"], time(9, 5), start=date(2026, 9, 7), end=date(2026, 12, 31)
    )
    assert weekly.body() == {
        "runRepeat": True,
        "daysOfWeek": "2,5",
        "daysOfMonth": None,
        "monthsOfYear": None,
        "startHour": "09",
        "startMinute": "05",
        "startSecond": "00",
        "startDate": "09/07/2026",
        "endDate": "12/31/2026",
    }
    assert "startDate" not in api.ScheduleDetails.weekly(["SUN"], time(0)).body()
    export = EXPORT.model_copy(update={"schedule_details": weekly})
    assert export.body()["scheduleDetails"] == weekly.body()
    assert "minCount" not in export.body()


@pytest.mark.parametrize("days", [[], ["Monday"], ["MON", 3], [["MON"]], "MON", "M", 2, None])
def test_a_week_has_the_documents_days(days: Any) -> None:
    with pytest.raises(InvalidRequest, match=f"days must be some of SUN.* a {type(days).__name__}"):
        api.ScheduleDetails.weekly(days, time(9))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"at": "09:00"}, "at must be a time of day, but is a str"),
        ({"at": 9}, "at must be a time of day, but is a int"),
        ({"start": "2026-09-01"}, "start_date must be a date, but is a str"),
        ({"end": 20260901}, "end_date must be a date, but is a int"),
        ({"start": date(2026, 9, 2), "end": date(2026, 9, 1)}, "start_date must not be after end_date"),
    ],
)
def test_a_week_that_cannot_be_meant_is_refused(change: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidRequest, match=rule):
        api.ScheduleDetails.weekly(**{"days": ["MON"], "at": time(9), **change})


@pytest.mark.parametrize(
    ("start", "end", "zone", "slice_start", "slice_end"),
    [
        pytest.param(
            datetime(2026, 9, 1, tzinfo=UTC),
            datetime(2026, 9, 2, tzinfo=UTC),
            *("UTC", "09/01/2026", "09/01/2026"),
            id="a day",
        ),
        pytest.param(
            datetime(2026, 9, 27, tzinfo=UTC),
            datetime(2026, 9, 29, tzinfo=UTC),
            *("UTC", "09/27/2026", "09/28/2026"),
            id="two days",
        ),
        pytest.param(
            datetime(2026, 8, 31, 22, tzinfo=UTC),
            datetime(2026, 9, 1, 22, tzinfo=UTC),
            *("Europe/Berlin", "09/01/2026", "09/01/2026"),
            id="a day elsewhere",
        ),
        pytest.param(
            datetime(2026, 9, 1, 4, tzinfo=UTC),
            datetime(2026, 9, 2, 4, tzinfo=UTC),
            *("America/New_York", "09/01/2026", "09/01/2026"),
            id="a day to the west",
        ),
        pytest.param(
            datetime(2026, 9, 1, 6, tzinfo=UTC),
            datetime(2026, 9, 2, 6, tzinfo=UTC),
            *("UTC", "09/01/2026", "09/02/2026"),
            id="a day that begins in the morning touches two",
        ),
        pytest.param(
            datetime(2026, 9, 1, 10, tzinfo=UTC),
            datetime(2026, 9, 1, 11, tzinfo=UTC),
            *("UTC", "09/01/2026", "09/01/2026"),
            id="an hour",
        ),
        pytest.param(
            datetime(2026, 9, 1, tzinfo=UTC),
            datetime(2026, 9, 1, tzinfo=UTC),
            *("UTC", "09/01/2026", "09/01/2026"),
            id="a moment, as a run by hand has it",
        ),
        pytest.param(
            datetime(2026, 10, 24, 22, tzinfo=UTC),
            datetime(2026, 10, 25, 23, tzinfo=UTC),
            *(ZoneInfo("Europe/Berlin"), "10/25/2026", "10/25/2026"),
            id="a day of 25 hours",
        ),
        pytest.param(
            datetime(2026, 9, 1, tzinfo=timezone(timedelta(hours=2))),
            datetime(2026, 9, 2, tzinfo=timezone(timedelta(hours=2))),
            *(timezone(timedelta(hours=2)), "09/01/2026", "09/01/2026"),
            id="a zone without a name",
        ),
    ],
)
def test_a_data_interval_becomes_the_days_it_touches(
    start: datetime, end: datetime, zone: Any, slice_start: str, slice_end: str
) -> None:
    assert api.ScheduleDetails.from_data_interval(start, end, zone).body() == {
        "runNow": True,
        "timeSliceStartDate": slice_start,
        "timeSliceEndDate": slice_end,
    }


DAY = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "zone", "rule"),
    [
        (datetime(2026, 9, 1), DAY, "UTC", "start must be a datetime that says its time zone"),
        (DAY, datetime(2026, 9, 1), "UTC", "end must be a datetime that says its time zone"),
        ("2026-09-01", DAY, "UTC", "start must be a datetime .* is a str"),
        (DAY, date(2026, 9, 1), "UTC", "end must be a datetime .* is a date"),
        (DAY, DAY - timedelta(seconds=1), "UTC", "end must not be before start"),
        (DAY, DAY, "Berlin/Europe", "timezone must name a time zone.* is a str"),
        (DAY, DAY, "", "timezone must name a time zone.* is a str"),
        (DAY, DAY, None, "timezone must name a time zone.* is a NoneType"),
        (DAY, DAY, "../etc/passwd", "timezone must name a time zone.* is a str"),
    ],
)
def test_a_data_interval_that_cannot_be_meant_is_refused(start: Any, end: Any, zone: Any, rule: str) -> None:
    with pytest.raises(InvalidRequest, match=rule):
        api.ScheduleDetails.from_data_interval(start, end, zone)


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"start_hour": 0, "start_minute": 5, "start_second": 59}, ("00", "05", "59")),
        ({"start_hour": "24", "start_minute": "00", "start_second": "0"}, ("24", "00", "0")),
    ],
)
def test_a_time_of_day_goes_out_as_text(fields: dict[str, Any], sent: tuple[str, str, str]) -> None:
    assert tuple(api.ScheduleDetails(**fields).body().values()) == sent


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"start_hour": 25}, r"start_?hour: .*from 0 to 24 \(given: str\)"),
        ({"start_hour": "noon"}, r"start_?hour: .*from 0 to 24 \(given: str\)"),
        ({"days_of_week": "1,8"}, r"days_of_week: .*from 1 to 7 .*\(given: str\)"),
        ({"days_of_week": "MON"}, "days_of_week: .*from 1 to 7"),
        ({"days_of_week": "*"}, "days_of_week: .*must be numbers from 1 to 7"),
        ({"days_of_month": "0"}, "days_of_month: .*from 1 to 31"),
        ({"days_of_month": "1-"}, "days_of_month: .*from 1 to 31"),
        ({"months_of_year": "1-13"}, "months_of_year: .*from 1 to 12"),
        ({"start_minute": "60"}, "start_?minute: .*from 0 to 59"),
        ({"start_second": -1}, "start_?second: .*from 0 to 59"),
        ({"start_hour": 9.5}, r"start_?hour: .*\(given: float\)"),
        ({"start_date": "02/30/2026"}, "start_?date: .*MM/dd/yyyy"),
        ({"start_date": "10/01/2026", "end_date": "09/30/2026"}, "start_date must not be after end_date"),
        (
            {"time_slice_start_date": "09/02/2026", "time_slice_end_date": "09/01/2026"},
            "time_slice_start_date must not be after time_slice_end_date",
        ),
        ({"days": "1"}, "days: "),
    ],
)
def test_a_schedule_that_cannot_be_meant_is_refused(fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidRequest, match=f"(?i)^ScheduleDetails cannot be sent: {rule}"):
        api.ScheduleDetails(**fields)


def test_days_and_months_may_be_numbers() -> None:
    assert api.ScheduleDetails(days_of_week=7, months_of_year="1,3", year=2026).body() == {
        "daysOfWeek": "7",
        "monthsOfYear": "1,3",
        "year": "2026",
    }


START, END = datetime(2026, 9, 1, 22, tzinfo=UTC), datetime(2026, 9, 2, 22, tzinfo=UTC)
OF_THE_INTERVAL = {"time_slice": "data_interval", "timezone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, {"runNow": True}),
        ({"runNow": "true"}, {"runNow": True}),
        (api.ScheduleDetails(year=2036), {"year": "2036"}),
        ({"startDate": "09/01/2026", "startHour": 9}, {"startDate": "09/01/2026", "startHour": "09"}),
        (
            OF_THE_INTERVAL,
            {"runNow": True, "timeSliceStartDate": "09/02/2026", "timeSliceEndDate": "09/02/2026"},
        ),
        (
            {**OF_THE_INTERVAL, "runs_now": False, "startDate": "09/05/2026"},
            {
                **{"runNow": False, "startDate": "09/05/2026"},
                **{"timeSliceStartDate": "09/02/2026", "timeSliceEndDate": "09/02/2026"},
            },
        ),
    ],
)
def test_a_schedule_of_plain_json(given: Any, sent: dict[str, Any]) -> None:
    assert api.schedule_of(given, START, END).body() == sent


@pytest.mark.parametrize(
    ("given", "interval", "rule"),
    [
        ({**OF_THE_INTERVAL, "time_slice": "yesterday"}, (START, END), "time_slice must be data_interval"),
        ({"time_slice": "data_interval"}, (START, END), "timezone must name a time zone"),
        ({**OF_THE_INTERVAL, "timezone": "Berlin"}, (START, END), "timezone must name a time zone"),
        (OF_THE_INTERVAL, (None, None), "the run has no data interval"),
        ({**OF_THE_INTERVAL, "startHour": 25}, (START, END), "(?i)start_?hour"),
        ({"timezone": "Europe/Berlin"}, (START, END), "timezone"),
        ("now", (START, END), "ScheduleDetails"),
    ],
)
def test_a_schedule_of_plain_json_that_cannot_be_meant_is_refused(
    given: Any, interval: Any, rule: str
) -> None:
    with pytest.raises(InvalidRequest, match=rule):
        api.schedule_of(given, *interval)
