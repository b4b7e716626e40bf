"""The body of Acoustic Exchange's POST /v1/jobs/segmentExport, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from airflow_provider_activation.sandbox.reading import (
    Check,
    Fields,
    Invalid,
    array,
    boolean,
    day,
    filled_text,
    integer,
    nullable,
    one_of,
    pattern,
    text,
    text_map,
)


@dataclass
class Export:
    """A request for an export, read."""

    source_id: int
    segment: int | str
    destination_id: int
    destination_segment_id: str | None
    destination_segment_name: str | None
    destination_segment_description: str | None
    category: str | None
    action: str
    source_identifiers: list[str]
    destination_identifier: str
    attribute_mappings: dict[str, str]
    update_identities: bool
    min_count: int
    starts: float

    @property
    def segment_key(self) -> str:
        """The source segment's id as text, whichever kind it is of."""
        return str(self.segment)


def read_export(body: object, now: float) -> Export:
    """Check the body; `now` is when a job that runs at once begins."""
    fields = Fields(body)
    source_id = fields.need("endpointID", integer(1))
    if ("segmentID" in fields) == ("segmentIDString" in fields):
        raise Invalid("give exactly one of segmentID and segmentIDString")
    number = fields.may("segmentID", integer())
    string = fields.may("segmentIDString", filled_text)
    fields.may("segmentName", text)
    destination_id = fields.need("destinationEndpointID", integer(1))
    name = fields.may("destinationSegmentName", filled_text)
    description = fields.may("destinationSegmentDescription", text)
    existing = fields.may("destinationSegmentID", filled_text)
    category = fields.may("exportCategory", text)
    action = fields.may("action", one_of("add", "replace", "remove"))
    source_identifiers = fields.need("sourceIdentifiers", array(filled_text, minimum=1, unique=True))
    destination_identifier = fields.need("destinationIdentifier", filled_text)
    mappings = fields.may("attributeMappings", text_map)
    update_identities = fields.need("updateIdentities", boolean)
    min_count = fields.may("minCount", integer(0, 2**31 - 1))
    # Whether it may be absent is not said anywhere, so a careful client always sends it.
    starts = fields.need("scheduleDetails", lambda value, where: _starts(value, where, now))
    fields.end()
    if existing is not None and action is None:
        raise Invalid("action is required with an existing destination segment")
    return Export(
        source_id=source_id,
        segment=number if number is not None else str(string),
        destination_id=destination_id,
        destination_segment_id=existing,
        destination_segment_name=name,
        destination_segment_description=description,
        category=category,
        action=action or "add",
        source_identifiers=source_identifiers,
        destination_identifier=destination_identifier,
        attribute_mappings=mappings or {},
        update_identities=update_identities,
        min_count=1 if min_count is None else min_count,
        starts=starts,
    )


def _numbers(lowest: int, highest: int, star: bool = False) -> Check[str | None]:
    """A list of numbers and ranges in a string, such as 1,3-5,10; or null."""

    def check(value: object, where: str) -> str:
        written = text(value, where)
        if star and written == "*":
            return written
        pattern(r"\d{1,2}(-\d{1,2})?(,\d{1,2}(-\d{1,2})?)*", "numbers like 1,3-5,10")(written, where)
        for part in written.split(","):
            first, _, last = part.partition("-")
            if not lowest <= int(first) <= int(last or first) <= highest:
                raise Invalid(f"{where} must hold numbers from {lowest} to {highest}")
        return written

    return nullable(check)


def _clock(highest: int) -> Check[str]:
    def check(value: object, where: str) -> str:
        written = pattern(r"\d{1,2}", "one or two digits in a string")(value, where)
        if int(written) > highest:
            raise Invalid(f"{where} must be at most {highest}")
        return written

    return check


def _starts(value: object, where: str, now: float) -> float:
    """Check scheduleDetails; gives the first start. The documents name no time zone, UTC is assumed."""
    fields = Fields(value, where)
    us_day = day("%m/%d/%Y", "a day written MM/dd/yyyy")
    run_now = fields.may("runNow", boolean)
    fields.may("runRepeat", boolean)
    fields.may("daysOfWeek", _numbers(1, 7))
    fields.may("daysOfMonth", _numbers(1, 31, star=True))
    fields.may("monthsOfYear", _numbers(1, 12, star=True))
    fields.may("year", nullable(pattern(r"\d{4}", "a year in a string")))
    hour = fields.may("startHour", _clock(24))
    minute = fields.may("startMinute", _clock(59))
    second = fields.may("startSecond", _clock(59))
    start = fields.may("startDate", us_day)
    fields.may("endDate", nullable(us_day))
    fields.may("timeSliceStartDate", nullable(us_day))
    fields.may("timeSliceEndDate", nullable(us_day))
    fields.end()
    if run_now:
        return now
    if start is None:
        raise Invalid(f"{where} needs runNow true or a startDate")
    clock = timedelta(hours=int(hour or 0), minutes=int(minute or 0), seconds=int(second or 0))
    return max(now, (datetime.strptime(start, "%m/%d/%Y").replace(tzinfo=UTC) + clock).timestamp())
