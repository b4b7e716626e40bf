"""An audience file, checked while it is uploaded."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Callable
from typing import Any

from airflow_provider_activation.sandbox.core.errors import Invalid

DIGEST = re.compile("[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}")
DIGITS = {"MD5": 32, "SHA1": 40, "SHA256": 64, "EMAIL_SHA256": 64, "PHONE_SHA256": 64}
"""Hex digits of a digest of each algorithm."""
PHONE = re.compile(r"\+[0-9][0-9 ()./-]{6,}")
LONGEST_RECORD = 4 * 1024 * 1024


class Columns:
    """The identifiers and attributes that the databases of an endpoint have, if any are registered."""

    def __init__(self, databases: list[dict[str, Any]], default_algorithm: str | None = None) -> None:
        registered = [
            column
            for database in databases
            for part in ("identifiers", "attributes")
            for column in database.get(part, [])
        ]
        self._names = {column["name"] for column in registered}
        self.algorithms: dict[str, str] = {}
        """For the columns whose values the source has to hash, how."""
        for column in registered:
            algorithm = column.get("hashAlgorithm") or default_algorithm
            if column.get("hashMode") in ("HASHED", "REQUIRED") and algorithm in DIGITS:
                self.algorithms[column["name"]] = algorithm

    def knows(self, name: str) -> bool:
        """Whether a file may have this column. If none is registered, it may have any."""
        return not self._names or name in self._names

    def takes(self, name: str, value: str) -> bool:
        """Whether a value can stand in this column. An empty one always can."""
        digits = DIGITS.get(self.algorithms.get(name, ""), len(value))
        is_digest = len(value) == digits and DIGEST.fullmatch(value) is not None
        return not value or name not in self.algorithms or is_digest


class AudienceFile:
    """The summary of a CSV file of any size. `on_record` gets each record."""

    def __init__(
        self,
        required_columns: list[str],
        on_record: Callable[[dict[str, str]], None] | None = None,
        *,
        delimiter: str = ",",
        columns: Columns | None = None,
    ) -> None:
        self._required = required_columns
        self._on_record = on_record
        self._delimiter = delimiter
        self._columns = columns or Columns([])
        self.digests: dict[str, int] = {}
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._rest = ""
        self._hash = hashlib.sha256()
        self.header: list[str] | None = None
        self._first_row: list[str] = []
        self.first_record: list[str] | None = None
        self.records = 0
        self.plain_values: dict[str, int] = {}
        self.bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Read the next chunk. It may end anywhere, even inside a character."""
        self.bytes += len(chunk)
        self._hash.update(chunk)
        try:
            self._rest += self._decoder.decode(chunk)
        except UnicodeDecodeError:
            raise Invalid("the file is not UTF-8") from None
        cut = self._last_record_end()
        if cut:
            self._read(self._rest[:cut])
            self._rest = self._rest[cut:]
        elif len(self._rest) > LONGEST_RECORD:
            raise Invalid(f"record {self.records + 1} does not end, perhaps a quote is never closed")

    def _last_record_end(self) -> int:
        # A record ends at a line break after an even number of quotes.
        cut = self._rest.rfind("\n") + 1
        quotes = self._rest.count('"', 0, cut)
        while quotes % 2:
            before = self._rest.rfind("\n", 0, cut - 1) + 1
            quotes -= self._rest.count('"', before, cut)
            cut = before
        return cut

    def _read(self, complete: str) -> None:
        try:
            text = io.StringIO(complete, newline="")
            rows = list(csv.reader(text, delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            raise Invalid(f"the file is not CSV: {error}") from None
        # what is refused has been received, too
        for row in rows:
            self._look_for_people(row)
        for row in rows:
            if self.header is None:
                self._take_header(row)
            elif len(row) != len(self.header):
                raise Invalid(
                    f"record {self.records + 1} has {len(row)} fields, the header {len(self.header)}"
                )
            else:
                self._look_for_digests(row)
                self.records += 1
                self.first_record = self.first_record or row
                if self._on_record is not None:
                    self._on_record(dict(zip(self.header, row, strict=True)))

    def _look_for_people(self, row: list[str]) -> None:
        self._first_row = self._first_row or row
        for at, value in enumerate(row):
            if "@" in value or PHONE.fullmatch(value.strip()):
                column = self._first_row[at] if at < len(self._first_row) else str(at + 1)
                self.plain_values[column] = self.plain_values.get(column, 0) + 1

    def _look_for_digests(self, row: list[str]) -> None:
        for column, value in zip(self.header or (), row, strict=True):
            if DIGEST.fullmatch(value):
                self.digests[column] = self.digests.get(column, 0) + 1
            if not self._columns.takes(column, value):
                raise Invalid(
                    f"record {self.records + 1}: {column} must be a hex digest of "
                    f"{self._columns.algorithms[column]}"
                )

    def _take_header(self, row: list[str]) -> None:
        if strange := [name for name in row if not self._columns.knows(name)]:
            raise Invalid(f"the header row has the column {strange[0]}, which is not registered")
        if missing := [name for name in self._required if name not in row]:
            raise Invalid(f"the header row lacks the source identifier {missing[0]}")
        self.header = row

    def end(self) -> None:
        """Read the end of the file."""
        try:
            self._rest += self._decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise Invalid("the file is not UTF-8") from None
        if self._rest:
            self._read(self._rest)
            self._rest = ""
        if self.header is None:
            raise Invalid("the file is empty")

    def as_json(self) -> dict[str, Any]:
        """The summary as JSON."""
        return {
            "header": self.header,
            "records": self.records,
            "bytes": self.bytes,
            "sha256": self._hash.hexdigest(),
            "firstRecord": self.first_record,
            # how many values of a column are an address or a phone number as it stands
            "plainValues": self.plain_values,
            # and how many are digests
            "digests": self.digests,
        }
