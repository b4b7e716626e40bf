"""One preparation of an audience, from its arguments to the manifest."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress as ignoring
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from phonenumbers import SUPPORTED_REGIONS

from airflow_provider_activation.audience import manifest
from airflow_provider_activation.audience.engine import Engine, RowsFailed, Stopped, private_folder
from airflow_provider_activation.audience.lists import Lists
from airflow_provider_activation.audience.normalise import name, text
from airflow_provider_activation.audience.profiles import check_schema, profile_of
from airflow_provider_activation.audience.reading import Reading
from airflow_provider_activation.audience.schema import (
    Attribute,
    AudienceSchema,
    Column,
    Constant,
    Phone,
    Suppression,
)
from airflow_provider_activation.audience.sources import Source, source_of
from airflow_provider_activation.audience.values import Value, reason, value_of, written_form
from airflow_provider_activation.audience.where import Where, read_where
from airflow_provider_activation.errors import AudienceNotWritten, InvalidArgument, UnfitAudience

log = logging.getLogger(__name__)

_FILE_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_PRIVATE = 0o600


class Preparation:
    """See `prepare_audience`. `run` may be called once; `stop` ends it."""

    def __init__(
        self,
        source: Any,
        schema: AudienceSchema,
        *,
        profile: str | Mapping[str, Any],
        folder: str | PathLike[str],
        name: str,
        where: str | None,
        suppress: Sequence[Suppression],
        order_by: str | None,
        min_rows: int | None,
        fail_on_rejects: bool,
        registration: Mapping[str, Any] | None,
        run: str,
    ) -> None:
        if not isinstance(name, str) or not re.fullmatch(_FILE_NAME, name):
            raise InvalidArgument(
                "name must be letters, digits, '.', '_' and '-', and begin with none of the signs."
            )
        for argument, given in (("where", where), ("order_by", order_by)):
            if given is not None and not isinstance(given, str):
                raise InvalidArgument(f"{argument} must be a text.")
        if not isinstance(folder, str | PathLike) or not (place := fspath(folder)) or "\0" in place:
            raise InvalidArgument("folder must be the path of a folder.")
        if "://" in place:
            raise InvalidArgument("folder must be a local folder.")
        if min_rows is not None and (type(min_rows) is not int or min_rows < 0):
            raise InvalidArgument("min_rows must be a whole number, 0 or more.")
        if not isinstance(fail_on_rejects, bool):
            raise InvalidArgument("fail_on_rejects must be True or False.")
        self.profile = profile_of(profile, registration)
        check_schema(schema, self.profile)
        _check_time_zones(schema)
        for each in (schema, *(one.schema for one in suppress)):
            _check_regions(each)
        self.schema, self._source, self._where, self._order_by = schema, source, where, order_by
        self._fail_on_rejects = fail_on_rejects
        self._min_rows = self.profile.min_rows if min_rows is None else min_rows
        self._lists = Lists(suppress, schema, self.profile, registration)
        self._folder = Path(folder).expanduser().absolute()
        told = json.dumps([schema.as_mapping(), self.profile.name, where, order_by, run], sort_keys=True)
        stem = f"{name}-{self.profile.name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
        self._plain_name = f"{stem}.csv"
        self.path = self._folder / (self._plain_name + (".gz" if self.profile.compression == "gzip" else ""))
        self.rejects_path = self._folder / f"{stem}.rejects.csv"
        self._part, self._packed = (self._folder / f".{stem}.{end}" for end in ("part", "gz.part"))
        self._rejects_part = self._folder / f".{stem}.rejects.part"
        self._lock: int | None = None
        self._engine: Engine | None = None
        self._is_stopped = False

    def stop(self) -> None:
        """End the run; what it has written is removed. May be called from a signal's handler."""
        self._is_stopped = True
        if self._engine is not None:
            self._engine.stop()

    def run(self) -> dict[str, Any]:
        """Prepare the audience and return its manifest."""
        failure: Exception
        try:
            with private_folder() as private:
                return self._prepared(private)
        except Stopped:
            raise AudienceNotWritten("the preparation was stopped; nothing was left.") from None
        except RowsFailed as failed:
            failure = failed.error
        except OSError as error:
            failure = AudienceNotWritten(f"{self._folder}: {error.strerror or type(error).__name__}.")
        finally:
            if self._lock is not None:
                for piece in (self._part, self._packed, self._rejects_part):
                    with ignoring(OSError):
                        piece.unlink()
                os.close(self._lock)
        raise failure

    # in the order of the steps

    def _prepared(self, private: Path) -> dict[str, Any]:
        reader = Engine(private)
        try:
            where = None if self._where is None else read_where(reader.connection, self._where)
        finally:
            reader.close()
        source = source_of(self._source, private)
        self._lists.open(private)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._claim()
        files = [*source.files, *self._lists.files, self._part, self._rejects_part]
        before = _state(source)
        engine = self._engine = Engine(private, files)
        try:
            if self._is_stopped:
                raise Stopped
            table = _Table(engine, source, self._values, where, self._order_by)
            self._lists.read(engine)
            self._look(engine, table)
            counts = self._counts(engine, table)
            self._write(engine, table, counts)
            if _state(source) != before:
                raise UnfitAudience(
                    f"{source.place} has changed while it was read.", advice="Run the task again."
                )
            return self._finished(engine, counts)
        finally:
            engine.close()

    def _claim(self) -> None:
        """Make the pieces for this run alone: those of a killed run go, a living run's are not touched."""
        with ignoring(OSError):
            left = os.open(self._part, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AudienceNotWritten(f"another run is writing {self.path} at this moment.") from None
            finally:
                os.close(left)
        lock = _made_anew(self._part)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(_made_anew(self._rejects_part))
        except OSError:
            os.close(lock)
            raise
        self._lock = lock

    @cached_property
    def _columns(self) -> dict[str, Column | None]:
        """The columns of the file in order; None for one that the profile wants and the schema lacks."""
        columns: dict[str, Column | None] = {one: self.schema.columns.get(one) for one in self.profile.header}
        columns.update(self.schema.columns)
        return columns

    @cached_property
    def _told(self) -> dict[str, Value]:
        """The value of each column of the schema, and of those that do not leave."""
        columns = {**self.schema.columns, **self.schema.suppress_by}
        return {
            one: value_of(column, self.profile, registered_as=one)
            for one, column in columns.items()
            if not isinstance(column, Constant)
        }

    @cached_property
    def _values(self) -> list[Value]:
        return list(dict.fromkeys([*self._told.values(), *self._lists.compared]))

    def _at(self, column: str) -> str:
        return f"v{self._values.index(self._told[column])}"

    def _look(self, engine: Engine, table: _Table) -> None:
        """Note the rows of which something cannot be used, and those who are suppressed."""
        needed = " OR ".join(f"{self._at(one)} IS NOT NULL" for one in self.schema.needed) or "true"
        required = {
            one for one, column in self.schema.columns.items() if column.required
        } | self.profile.required
        lacking = " OR ".join(f"{self._at(one)} IS NULL" for one in sorted(required)) or "false"
        in_lists = self._lists.conditions(self._values)
        told = {self._values.index(value) for value in self._told.values()}
        bad = [f"b{at}" for at in sorted(told)]
        row = f"NOT ({needed}) AS lost, ({lacking}) AS lacks"
        missing = [
            f"{self._at(one)} IS NULL AND {self._no_reason(one)} AS m{at}"
            for at, one in enumerate(sorted(required))
        ]
        lists = [f"coalesce({one}, false) AS s{at}" for at, one in enumerate(in_lists)]
        noted = f"SELECT r, {', '.join([*bad, row, *missing, *lists])} FROM ({table.rows})"
        any_of = " OR ".join(
            [f"{one} > 0" for one in bad] + ["lost", "lacks"] + [f"s{at}" for at in range(len(lists))]
        )
        engine.rows(
            f"CREATE TABLE noted AS SELECT * FROM ({noted}) WHERE {any_of}", **table.progress("Checking")
        )
        suppressed = " OR ".join(f"s{at}" for at in range(len(lists))) or "false"
        engine.rows(
            f"CREATE TABLE gone AS SELECT r, lost OR lacks AS rejected FROM noted WHERE lost OR lacks "
            f"OR {suppressed}"
        )
        self._required = sorted(required)

    def _no_reason(self, column: str) -> str:
        return f"b{self._values.index(self._told[column])} = 0"

    def _counts(self, engine: Engine, table: _Table) -> dict[str, Any]:
        lists = range(self._lists.count)
        ours = ", ".join(f"count(*) FILTER (s{at} AND NOT (lost OR lacks))" for at in lists)
        counted = engine.rows(
            "SELECT count(*) FILTER (rejected), count(*) FILTER (NOT rejected)"
            f"{', ' + ours if ours else ''} FROM noted LEFT JOIN gone USING (r)"
        )[0]
        broken = table.broken()
        rejects: dict[str, dict[str, int]] = {}
        for column, why, number in engine.rows(
            f"SELECT column_, reason, count(*) FROM ({self._rejects(table)}) GROUP BY ALL ORDER BY ALL"
        ):
            rejects.setdefault(column, {})[why] = number
        read = table.total + broken
        if read == 0:
            raise UnfitAudience(f"{table.source.place} has no rows.")
        return {
            "rows": {
                "read": read,
                "left_out": table.total - table.kept,
                "rejected": counted[0] + broken,
                "suppressed": counted[1],
            },
            "rejects": rejects,
            "lists": counted[2:],
        }

    def _rejects(self, table: _Table) -> str:
        """SQL of all rejects: number of the row, column and reason."""
        parts = [
            f"SELECT r, {text(one)} AS column_, {reason(f'b{self._values.index(value)}')} AS reason "
            f"FROM noted WHERE b{self._values.index(value)} > 0"
            for one, value in self._told.items()
        ]
        parts += [
            f"SELECT r, {text(one)}, 'missing' FROM noted WHERE m{at}"
            for at, one in enumerate(self._required)
        ]
        parts.append("SELECT r, '', 'no_identifier' FROM noted WHERE lost")
        return table.numbered(" UNION ALL ".join(parts))

    def _write(self, engine: Engine, table: _Table, counts: dict[str, Any]) -> None:
        if self._fail_on_rejects and counts["rejects"]:
            told = "; ".join(
                f"{column or 'the row'}: {', '.join(f'{reason} {n}' for reason, n in reasons.items())}"
                for column, reasons in counts["rejects"].items()
            )
            raise UnfitAudience(
                f"{table.source.place} has values that cannot be used, and fail_on_rejects is set: {told}."
            )
        written = int(engine.rows(self._copy(table), **table.progress("Writing"))[0][0])
        rows = counts["rows"]
        rows["duplicates"] = rows["read"] - rows["left_out"] - rows["rejected"] - rows["suppressed"] - written
        rows["written"] = written
        if written < self._min_rows:
            raise UnfitAudience(
                f"{table.source.place}: {written} rows are left of {rows['read']}, and at least "
                f"{self._min_rows} are "
                f"needed (left out by where {rows['left_out']}, rejected {rows['rejected']}, suppressed "
                f"{rows['suppressed']}, duplicates {rows['duplicates']})."
            )
        if counts["rejects"]:
            engine.rows(
                f"COPY (SELECT r AS row, column_ AS column, reason FROM ({self._rejects(table)}) ORDER "
                f"BY ALL) "
                f"TO {text(str(self._rejects_part))} (FORMAT csv, HEADER, USE_TMP_FILE false)"
            )

    def _copy(self, table: _Table) -> str:
        """SQL that writes the rows that are left, sorted, and each person once."""
        outputs: dict[str, str] = {}
        for one, column in self._columns.items():
            if column is None:
                outputs[one] = "NULL::VARCHAR"
            elif isinstance(column, Constant):
                outputs[one] = text(column.value)
            else:
                outputs[one] = written_form(column, self._at(one), self.profile)
        shorts = [f"o{at}" for at in range(len(outputs))]
        picked = ", ".join(f"{sql} AS {short}" for sql, short in zip(outputs.values(), shorts, strict=True))
        order = ", ".join(f"{short} NULLS LAST" for short in shorts)
        read = f"SELECT * FROM ({table.rows}) ANTI JOIN gone USING (r)"
        keys = [self._at(one) for one in self.schema.identifiers]
        key_shorts = [
            short for short, one in zip(shorts, self._columns, strict=True) if one in self.schema.identifiers
        ] or shorts
        if self._order_by is not None:
            keys = keys or [f"({sql})" for sql in outputs.values()]
            sql = (
                f"SELECT {', '.join(shorts)} FROM (SELECT {picked}, row_number() OVER (PARTITION BY "
                f"{', '.join(keys)} "
                f"ORDER BY ordered DESC NULLS LAST, {order}) AS place FROM ({read})) WHERE place = 1 "
                f"ORDER BY {order}"
            )
        elif shorts[: len(key_shorts)] == key_shorts:
            # rows with the same identifiers come one after the other, the smallest first
            same = " AND ".join(f"{one} IS NOT DISTINCT FROM lag({one}) OVER ()" for one in key_shorts)
            sql = (
                f"SELECT {', '.join(shorts)} FROM (SELECT *, row_number() OVER () > 1 AND {same} AS again "
                f"FROM (SELECT {picked} FROM ({read}) ORDER BY {order})) WHERE NOT again"
            )
        else:
            sql = (
                f"SELECT {', '.join(shorts)} FROM (SELECT *, row_number() OVER (PARTITION BY "
                f"{', '.join(key_shorts)} "
                f"ORDER BY {order}) AS place FROM (SELECT {picked} FROM ({read}))) WHERE place = 1 "
                f"ORDER BY {order}"
            )
        named = ", ".join(f"{short} AS {name(one)}" for short, one in zip(shorts, outputs, strict=True))
        quote = "FORCE_QUOTE *, " if self.profile.quote_all else ""
        return (
            f"COPY (SELECT {named} FROM ({sql})) TO {text(str(self._part))} (FORMAT csv, HEADER, {quote}"
            f"DELIMITER {text(self.profile.delimiter)}, QUOTE '\"', ESCAPE '\"', NULLSTR '', "
            f"USE_TMP_FILE false)"
        )

    def _finished(self, engine: Engine, counts: dict[str, Any]) -> dict[str, Any]:
        """Give the files their names and return the manifest."""
        part = self._part
        if self.profile.compression == "gzip":
            engine.during(self._pack, doing="Compressing", size=part.stat().st_size)
            part = self._packed
        with part.open("rb") as file:
            os.fsync(file.fileno())
        engine.check()
        rejects = None
        if counts["rejects"]:
            self._rejects_part.replace(self.rejects_path)
            rejects = str(self.rejects_path)
        else:
            self.rejects_path.unlink(missing_ok=True)
        part.replace(self.path)
        lists = [
            {"name": one.name, "rows": one.rows, "unreadable": one.unreadable, "suppressed": number}
            for one, number in zip(self._lists.opened, counts["lists"], strict=True)
        ]
        return manifest.described(
            self.path,
            profile=self.profile.name,
            columns=list(self._columns),
            rows=counts["rows"],
            rejects={"path": rejects, "counts": counts["rejects"]},
            suppression=lists,
            format={
                "delimiter": self.profile.delimiter,
                "header": True,
                "encoding": "utf-8",
                "compression": self.profile.compression,
            },
        )

    def _pack(self) -> None:
        # the name inside is what LiveRamp looks at; without a time the same rows give the same bytes
        with (
            os.fdopen(_made_anew(self._packed), "wb") as raw,
            self._part.open("rb") as plain,
            gzip.GzipFile(self._plain_name, "wb", 6, raw, mtime=0) as packed,
        ):
            shutil.copyfileobj(plain, packed, 1 << 20)


class _Table:
    """The rows of a source as the engine reads them."""

    def __init__(
        self,
        engine: Engine,
        source: Source,
        values: Sequence[Value],
        where: Where | None,
        order_by: str | None,
    ) -> None:
        self.engine, self.source = engine, source
        known = source.columns(engine)
        wanted = _known([value.source for value in values] + ([order_by] if order_by else []), known, source)
        in_where = _named(where.columns, known, source) if where else []
        reading = Reading(
            engine,
            "people",
            source,
            values,
            columns=dict.fromkeys([*wanted, *in_where]),
            where=where,
            order_by=order_by,
            broken="reject_errors",
        )
        self.total, self.kept, self.rows = reading.total, reading.kept, reading.rows()

    def progress(self, doing: str) -> dict[str, Any]:
        """What the engine needs to tell how far it is."""
        return {"doing": f"{doing} {self.source.place}", "rows": self.total, "size": self.source.size}

    def broken(self) -> int:
        """How many rows are broken, so that they are not among those that were read."""
        if not self.source.has_broken_rows:
            return 0
        self.engine.rows(
            "CREATE TABLE broken AS SELECT line, row_number() OVER (ORDER BY line) AS place FROM "
            f"(SELECT DISTINCT line - {self.source.first_line - 1} AS line FROM reject_errors)"
        )
        return int(self.engine.rows("SELECT count(*) FROM broken")[0][0])

    def numbered(self, rejects: str) -> str:
        """SQL of the rejects with the numbers that the rows have in the source, and of the broken rows."""
        if not self.source.has_broken_rows:
            return rejects
        shifts = "(SELECT line - place AS before, max(place) AS shift FROM broken GROUP BY 1)"
        return (
            f"SELECT r + coalesce(shift, 0) AS r, column_, reason FROM ({rejects}) AS g ASOF LEFT JOIN "
            f"{shifts} AS b "
            "ON g.r > b.before UNION ALL SELECT line, '', 'broken_row' FROM broken"
        )


def _made_anew(piece: Path) -> int:
    """A file that only this user may read, and no link that somebody else has put there."""
    piece.unlink(missing_ok=True)
    return os.open(piece, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE)


def _known(wanted: Iterable[str], known: Sequence[str] | None, source: Source) -> list[str]:
    wanted = list(dict.fromkeys(wanted))
    missing = [] if known is None else [one for one in wanted if one not in known]
    if missing:
        # what was found is not told: without a header it is a person
        raise UnfitAudience(
            f"{source.place} has no column {', '.join(map(repr, missing))}; its first row has "
            f"{len(known or ())} fields.",
            advice="Check that the file has a header, and the delimiter and encoding given for it.",
        )
    return wanted


def _named(wanted: Iterable[str], known: Sequence[str] | None, source: Source) -> list[str]:
    """The columns that an expression names; SQL does not tell capitals from small letters."""
    spelled = {one.lower(): one for one in known or ()}
    return _known([spelled.get(one.lower(), one) for one in wanted], known, source)


def _state(source: Source) -> tuple[int, int, int] | None:
    if source.origin is None or not source.origin.exists():
        return None
    found = source.origin.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _check_regions(schema: AudienceSchema) -> None:
    for column, phone in {**schema.columns, **schema.suppress_by}.items():
        if isinstance(phone, Phone) and phone.region not in (None, *SUPPORTED_REGIONS):
            raise InvalidArgument(f"schema: {column!r}: there is no region {phone.region}.")


def _check_time_zones(schema: AudienceSchema) -> None:
    for column, attribute in schema.columns.items():
        if isinstance(attribute, Attribute) and attribute.timezone:
            try:
                ZoneInfo(attribute.timezone)
            except (ValueError, OSError, KeyError):
                raise InvalidArgument(
                    f"schema: {column!r}: there is no time zone {attribute.timezone!r}."
                ) from None
