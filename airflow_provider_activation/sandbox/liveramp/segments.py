"""LiveRamp's segments, and the upload that makes them."""

from __future__ import annotations

import csv
import itertools
from collections import Counter

from airflow_provider_activation.sandbox.core.messages import CSV, Answer, Incoming, Refused
from airflow_provider_activation.sandbox.core.reading import Invalid, filled_text
from airflow_provider_activation.sandbox.liveramp.paging import page
from airflow_provider_activation.sandbox.liveramp.seeds import SEGMENTS, Segment

SEGMENT_ROUTES = (
    ("POST", "/upload", "upload"),
    ("GET", "/v2/segments", "list_segments"),
    ("GET", "/v2/segments/{id}", "get_segment"),
)


class Segments:
    """The segments of the organisation. The API itself makes none: they come out of uploaded files."""

    def __init__(self) -> None:
        self._segments = dict(SEGMENTS)
        self._ids = itertools.count(5000000001 + len(SEGMENTS))
        self._field_ids = {segment.field_name: segment.field_id for segment in SEGMENTS.values()}
        self._next_field_id = itertools.count(600001 + len(SEGMENTS))

    def get(self, segment_id: str) -> Segment | None:
        """One segment, if there is such."""
        return self._segments.get(segment_id)

    def all(self) -> list[Segment]:
        """All segments, those from the start first."""
        return list(self._segments.values())

    def uploaded(self) -> list[Segment]:
        """Those that were not there from the start."""
        return self.all()[len(SEGMENTS) :]

    def upload(self, incoming: Incoming) -> Answer:
        """Stand in for the vendor's SFTP drop: take a CSV file, and answer with its segments.

        The first column names the person. Each other column is a field, and each value in it a segment of
        all who have it; a segment that is there already gets its new number of records. The real service
        takes up to a day for this.
        """
        incoming.read_query().end()
        records = _count(incoming)
        there = {(segment.field_name, segment.value): segment.id for segment in self._segments.values()}
        found = []
        for (field, value), count in records.items():
            if field not in self._field_ids:
                self._field_ids[field] = str(next(self._next_field_id))
            segment_id = there.get((field, value)) or str(next(self._ids))
            segment = Segment(segment_id, self._field_ids[field], field, value, "ONBOARDING", count)
            self._segments[segment_id] = segment
            found.append(segment.public)
        return Answer.json({"segments": found}, 201)

    def list_segments(self, incoming: Incoming) -> Answer:
        """All segments, or those of a field and value."""
        query = incoming.read_query()
        value = query.may("valueName", filled_text)
        field = query.may("fieldName", filled_text)
        found = [
            segment
            for segment in self._segments.values()
            if value in (None, segment.value) and field in (None, segment.field_name)
        ]
        return page(query, "v2/Segments", found, lambda segment: segment.public)

    def get_segment(self, incoming: Incoming, segment_id: str) -> Answer:
        """One segment."""
        incoming.read_query().end()
        segment = self._segments.get(segment_id)
        if segment is None:
            raise Refused(404, f"no segment {segment_id}")
        return Answer.json(segment.public)


def _count(incoming: Incoming) -> Counter[tuple[str, str]]:
    """How many people have each value of each field, in the order of the file."""
    if incoming.media_type() != CSV:
        raise Invalid(f"Content-Type must be {CSV}")
    try:
        heading, *rows = csv.reader(incoming.body.decode("utf-8").splitlines(), strict=True)
    except (UnicodeDecodeError, ValueError, csv.Error) as error:
        raise Invalid(f"the file is not valid CSV with a heading: {error}") from None
    if len(heading) < 2 or len(set(heading)) < len(heading) or not all(heading):
        raise Invalid("the heading must name at least two different columns")
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if len(row) != len(heading):
            raise Invalid(f"a line has {len(row)} values, the heading {len(heading)}")
        counts.update((field, value) for field, value in zip(heading[1:], row[1:], strict=True) if value)
    return counts
