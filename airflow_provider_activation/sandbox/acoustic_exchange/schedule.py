"""The scheduleDetails of jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.checks import Check
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.reading import Fields


def starts(now: float) -> Check[float]:
    """Check scheduleDetails; return the first start. It is `now` with runNow.

    The documents name no time zone. Here it is UTC.
    """

    def check(value: object, where: str) -> float:
        fields = Fields(value, where)
        us_day = checks.day("%m/%d/%Y", "a day written MM/dd/yyyy")
        run_now = fields.may("runNow", checks.boolean)
        fields.may("runRepeat", checks.boolean)
        fields.may("daysOfWeek", _numbers(1, 7))
        fields.may("daysOfMonth", _numbers(1, 31, star=True))
        fields.may("monthsOfYear", _numbers(1, 12, star=True))
        fields.may("year", checks.pattern(r"\d{4}", "a year in a string"))
        hour = fields.may("startHour", _clock(24))
        minute = fields.may("startMinute", _clock(59))
        second = fields.may("startSecond", _clock(59))
        start = fields.may("startDate", us_day)
        fields.may("endDate", us_day)
        fields.may("timeSliceStartDate", us_day)
        fields.may("timeSliceEndDate", us_day)
        fields.end()
        if run_now:
            return now
        if start is None:
            raise Invalid(f"{where} needs runNow true or a startDate")
        clock = timedelta(hours=int(hour or 0), minutes=int(minute or 0), seconds=int(second or 0))
        return max(now, (datetime.strptime(start, "%m/%d/%Y").replace(tzinfo=UTC) + clock).timestamp())

    return check


def _numbers(lowest: int, highest: int, star: bool = False) -> Check[str | None]:
    """Null, or a string with numbers and ranges such as 1,3-5,10."""

    def check(value: object, where: str) -> str:
        written = checks.text(value, where)
        if star and written == "*":
            return written
        checks.pattern(r"\d{1,2}(-\d{1,2})?(,\d{1,2}(-\d{1,2})?)*", "numbers like 1,3-5,10")(written, where)
        for part in written.split(","):
            first, _, last = part.partition("-")
            if not lowest <= int(first) <= int(last or first) <= highest:
                raise Invalid(f"{where} must hold numbers from {lowest} to {highest}")
        return written

    return checks.nullable(check)


def _clock(highest: int) -> Check[str]:
    def check(value: object, where: str) -> str:
        written = checks.pattern(r"\d{1,2}", "one or two digits in a string")(value, where)
        if int(written) > highest:
            raise Invalid(f"{where} must be at most {highest}")
        return written

    return check
