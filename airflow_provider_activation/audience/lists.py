"""Lists of people who must not be in an audience, brought to a form that can be compared with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from airflow_provider_activation.audience import normalise
from airflow_provider_activation.audience.engine import Engine
from airflow_provider_activation.audience.profiles import Profile, profile_of
from airflow_provider_activation.audience.reading import Reading
from airflow_provider_activation.audience.schema import AudienceSchema, Column, Suppression
from airflow_provider_activation.audience.sources import Copying, Source, source_of
from airflow_provider_activation.audience.values import Value, value_of
from airflow_provider_activation.errors import InvalidArgument, UnfitAudience
from airflow_provider_activation.storage import is_path


@dataclass(frozen=True)
class Pair:
    """A column of the audience and a column of a list in one form.

    :param row: the audience's value.
    :param listed: the list's value.
    :param hash_row: the algorithm with which the audience's value is hashed for comparing.
    :param hash_listed: the same for the list's.
    """

    row: Value
    listed: Value
    hash_row: str | None = None
    hash_listed: str | None = None

    def compared(self, value: str, algorithm: str | None) -> str:
        """SQL of a value in the form that is compared."""
        if algorithm:
            return normalise.hashed(value, algorithm)
        return f"lower({value})" if self.row.kind == "device_id" else value


@dataclass
class OpenList:
    """One list, and what was found in it."""

    name: str
    given: Suppression
    pairs: list[Pair]
    source: Source | None = None
    rows: int = 0
    unreadable: int = 0
    tables: list[str] = field(default_factory=list)


class Lists:
    """All lists of one preparation.

    :param lists: the lists.
    :param schema: the audience's schema.
    :param profile: the audience's profile.
    :param registration: the registration, for lists that were normalised for ``acoustic``.
    :raises InvalidArgument: a list cannot be compared with the audience.
    """

    def __init__(
        self,
        lists: Sequence[Suppression],
        schema: AudienceSchema,
        profile: Profile,
        registration: Mapping[str, Any] | None,
    ) -> None:
        self._profile, self._registration = profile, registration
        columns = {**schema.identifiers, **schema.suppress_by}
        self.opened = [
            OpenList(_name_of(one, at), one, self._pairs(_name_of(one, at), one, columns))
            for at, one in enumerate(lists)
        ]

    @property
    def compared(self) -> list[Value]:
        """The values of the audience that are compared with lists."""
        return [pair.row for one in self.opened for pair in one.pairs]

    @property
    def files(self) -> list[Path]:
        """The files of the lists."""
        return [file for one in self.opened if one.source for file in one.source.files]

    def _pairs(self, called: str, given: Suppression, columns: Mapping[str, Column]) -> list[Pair]:
        pairs = [
            self._pair(called, given, ours, as_column, theirs)
            for theirs in given.schema.identifiers.values()
            for as_column, ours in columns.items()
            if ours.kind == theirs.kind
        ]
        if not pairs:
            raise InvalidArgument(
                f"suppress: the list {called} has no identifier of a kind that the audience has; name "
                f"one in the "
                "schema's suppress_by."
            )
        return list(dict.fromkeys(pairs))

    def _pair(self, called: str, given: Suppression, ours: Column, as_column: str, theirs: Column) -> Pair:
        rules = theirs.normalised or given.profile
        if rules is not None:
            profile_of(rules, self._registration)
        row = value_of(ours, self._profile, registered_as=as_column)
        listed = replace(value_of(theirs, self._profile), digits_only=row.digits_only, platform=row.platform)
        if ours.hashed and theirs.hashed:
            if (ours.hashed, ours.normalised) != (theirs.hashed, rules):
                raise InvalidArgument(
                    f"suppress: the list {called} has {theirs.kind} as {theirs.hashed} normalised for "
                    f"{rules}, and the "
                    f"audience as {ours.hashed} normalised for {ours.normalised}: they cannot be compared."
                )
            return Pair(row, listed)
        if ours.hashed:
            profile = self._rules(called, ours.normalised)
            return Pair(row, replace(listed, profile=profile), hash_listed=ours.hashed)
        if theirs.hashed:
            return Pair(replace(row, profile=self._rules(called, rules)), listed, hash_row=theirs.hashed)
        return Pair(row, listed)

    def _rules(self, called: str, rules: str | None) -> Profile:
        """The profile by which digests were normalised."""
        if rules is None:
            raise InvalidArgument(
                f"suppress: say for the list {called} with profile= by whose rules it was normalised."
            )
        if rules == self._profile.name:
            return self._profile
        # white space that the audience's own rules remove must not save a row
        return replace(profile_of(rules, self._registration), spaces=self._profile.spaces)

    def open(self, folder: Path, copying: Copying) -> None:
        """Find the lists' files; see `source_of`."""
        for at, one in enumerate(self.opened):
            private = folder / f"list_{at}"
            private.mkdir()
            called = f"suppress: the list {one.name}"
            one.source = source_of(one.given.source, private, what=called, copying=copying)

    def read(self, engine: Engine) -> None:
        """Read the lists into tables of values to compare with.

        :raises UnfitAudience: a list has no rows, lacks a column, or is unreadable for the most part.
        """
        for at, one in enumerate(self.opened):
            self._read(engine, at, one)

    def _read(self, engine: Engine, at: int, one: OpenList) -> None:
        assert one.source is not None
        compared = dict.fromkeys(pair.listed for pair in one.pairs)
        kinds = {value.kind for value in compared}
        # what is not compared says still whether a row can be read
        others = [column for column in one.given.schema.identifiers.values() if column.kind not in kinds]
        values = [*compared, *(value_of(column, self._profile) for column in others)]
        known = one.source.columns(engine)
        missing = [value.source for value in values if known is not None and value.source not in known]
        if missing and not one.given.allow_empty:
            raise UnfitAudience(
                f"the list {one.name} has no column {', '.join(map(repr, dict.fromkeys(missing)))}."
            )
        values = [value for value in values if value.source not in missing]
        if not values:
            one.tables = [""] * len(one.pairs)
            return
        columns = dict.fromkeys(value.source for value in values)
        table = f"list_{at}"
        reading = Reading(engine, table, one.source, values, columns=columns)
        rows = reading.rows()
        nothing = " AND ".join(f"v{index} IS NULL" for index in range(len(values)))
        unread = engine.rows(f"SELECT count(*) FROM ({rows}) WHERE {nothing}")[0][0]
        one.rows, one.unreadable = reading.total, unread + reading.broken
        if not one.given.allow_empty:
            if not one.rows:
                raise UnfitAudience(f"the list {one.name} has no rows; nobody would be suppressed.")
            if one.unreadable * 2 > one.rows:
                raise UnfitAudience(
                    f"the list {one.name} has {one.rows} rows, of which {one.unreadable} cannot be read."
                )
        for index, pair in enumerate(one.pairs):
            if pair.listed not in values:
                one.tables.append("")
                continue
            column = f"v{values.index(pair.listed)}"
            keys = f"{table}_{index}"
            value = pair.compared(column, pair.hash_listed)
            engine.rows(
                f"CREATE TABLE {keys} AS SELECT DISTINCT {value} AS value FROM ({rows}) WHERE {column} "
                f"IS NOT NULL"
            )
            one.tables.append(keys)

    def conditions(self, values: Sequence[Value]) -> list[str]:
        """For each list the SQL of whether a row is in it, true or false.

        :param values: the values that were read, ``v0``, ``v1`` ...
        """
        conditions = []
        for one in self.opened:
            parts = [
                f"coalesce({pair.compared(f'v{values.index(pair.row)}', pair.hash_row)} IN (SELECT "
                f"value FROM {table}), false)"
                for pair, table in zip(one.pairs, one.tables, strict=True)
                if table
            ]
            conditions.append(" OR ".join(parts) or "false")
        return conditions


def _name_of(given: Suppression, at: int) -> str:
    source: Any = given.source
    if isinstance(source, Mapping):
        source = source.get("path", source.get("conn_id"))
    if given.name:
        return given.name
    return Path(str(source)).name if isinstance(source, str) or is_path(source) else f"number {at + 1}"
