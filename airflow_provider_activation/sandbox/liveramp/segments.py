"""Segments, and the upload that creates them."""

from __future__ import annotations

import csv
import itertools
from collections import Counter

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.messages import CSV, Request, Response
from airflow_provider_activation.sandbox.core.routing import Operations
from airflow_provider_activation.sandbox.core.shelf import Shelf
from airflow_provider_activation.sandbox.core.traits import Traits
from airflow_provider_activation.sandbox.liveramp.paging import page
from airflow_provider_activation.sandbox.liveramp.seeds import SEGMENTS, Segment


class Segments(Operations):
    """The operations on segments. The API does not create them; uploaded files do."""

    table = (
        ("POST", "/upload", "upload"),
        ("GET", "/v2/segments", "list_segments"),
        ("GET", "/v2/segments/{id}", "get_segment"),
    )

    def __init__(self, traits: Traits) -> None:
        self._traits = traits
        self._segments: Shelf[str, Segment] = Shelf(traits, "segments", "segment")
        for segment in SEGMENTS.values():
            self._segments.seed(segment.id, segment)
        self._ids = itertools.count(5000000001 + len(SEGMENTS))
        self._field_ids = {segment.field_name: segment.field_id for segment in SEGMENTS.values()}
        self._next_field_id = itertools.count(600001 + len(SEGMENTS))

    def get(self, segment_id: str) -> Segment | None:
        """The segment with an id, or None."""
        return self._segments.get(segment_id)

    def listed(self) -> list[Segment]:
        """All segments in a list, the seeds first."""
        return self._segments.listed()

    def uploaded(self) -> list[Segment]:
        """All segments except the seeds."""
        return self._segments.values()[len(SEGMENTS) :]

    def upload(self, request: Request) -> Response:
        """Create segments from a CSV file. This replaces the vendor's SFTP server.

        The first column identifies the person. Each other column is a field. Each value of a field is a
        segment. An existing segment gets a new number of records. The vendor needs up to a day for this.
        """
        request.need_no_query()
        records = _count(request)
        there = {(segment.field_name, segment.value): segment.id for segment in self._segments.values()}
        found = []
        for (field, value), count in records.items():
            if field not in self._field_ids:
                self._field_ids[field] = str(next(self._next_field_id))
            known = there.get((field, value))
            segment_id = known or str(next(self._ids))
            segment = Segment(segment_id, self._field_ids[field], field, value, "ONBOARDING", count)
            store = self._segments.replace if known else self._segments.add
            store(segment_id, segment)
            found.append(segment.public)
        return Response.json({"segments": found}, 201)

    def list_segments(self, request: Request) -> Response:
        """All segments, or those with a field and value."""
        query = request.read_query()
        value = query.may("valueName", checks.filled_text)
        field = query.may("fieldName", checks.filled_text)
        found = [
            segment
            for segment in self._segments.listed()
            if value in (None, segment.value) and field in (None, segment.field_name)
        ]
        return page(self._traits, query, "v2/Segments", found, lambda segment: segment.public)

    def get_segment(self, request: Request, segment_id: str) -> Response:
        """One segment."""
        request.need_no_query()
        return Response.json(self._segments.find(segment_id).public)


def _count(request: Request) -> Counter[tuple[str, str]]:
    """The number of people with each value of each field, in the order of the file."""
    request.need_media_type(CSV)
    try:
        heading, *rows = csv.reader(request.body.decode("utf-8").splitlines(), strict=True)
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
