"""One preparation of an audience, from its arguments to the manifest."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from phonenumbers import SUPPORTED_REGIONS

from airflow_provider_activation.audience import manifest
from airflow_provider_activation.audience.engine import TOLD_EVERY, Engine, RowsFailed
from airflow_provider_activation.audience.lists import Lists
from airflow_provider_activation.audience.people import People
from airflow_provider_activation.audience.pieces import Pieces
from airflow_provider_activation.audience.profiles import check_schema, profile_of
from airflow_provider_activation.audience.schema import Attribute, AudienceSchema, Phone, Suppression
from airflow_provider_activation.audience.sources import Source, source_of
from airflow_provider_activation.audience.where import Where, read_where
from airflow_provider_activation.errors import (
    ActivationError,
    AudienceNotWritten,
    InvalidArgument,
    UnfitAudience,
)
from airflow_provider_activation.simulation import simulation
from airflow_provider_activation.storage import is_path, place_of, written
from airflow_provider_activation.storage.place import Stopped, Tick
from airflow_provider_activation.storage.private import private_folder

if TYPE_CHECKING:
    from airflow_provider_activation.storage.place import AnyPath

log = logging.getLogger(__name__)

_FILE_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}"


class Preparation:
    """See `prepare_audience`. `run` may be called once; `stop` ends it.

    :param dag_run: the ``dag_id`` and the ``run_id`` of the task that prepares, for the manifest.
    """

    def __init__(
        self,
        source: Any,
        schema: AudienceSchema | Mapping[str, Any],
        *,
        profile: str | Mapping[str, Any],
        folder: AnyPath,
        name: str = "audience",
        where: str | None = None,
        suppress: Sequence[Suppression | Mapping[str, Any]] = (),
        order_by: str | None = None,
        min_rows: int | None = None,
        fail_on_rejects: bool = False,
        registration: Mapping[str, Any] | None = None,
        run: str = "",
        dag_run: Mapping[str, str] | None = None,
    ) -> None:
        if isinstance(suppress, str | Mapping) or not isinstance(suppress, Iterable):
            raise InvalidArgument("suppress must be a list of lists of people.")
        schema = AudienceSchema.from_mapping(schema)
        lists = [Suppression.from_mapping(one) for one in suppress]
        if not isinstance(name, str) or not re.fullmatch(_FILE_NAME, name):
            raise InvalidArgument(
                "name must be letters, digits, '.', '_' and '-', and begin with none of the signs."
            )
        for argument, given in (("where", where), ("order_by", order_by)):
            if given is not None and not isinstance(given, str):
                raise InvalidArgument(f"{argument} must be a text.")
        if not (isinstance(folder, str) or is_path(folder)):
            raise InvalidArgument("folder must be the path of a folder.")
        if min_rows is not None and (type(min_rows) is not int or min_rows < 0):
            raise InvalidArgument("min_rows must be a whole number, 0 or more.")
        if not isinstance(fail_on_rejects, bool):
            raise InvalidArgument("fail_on_rejects must be True or False.")
        self.profile = profile_of(profile, registration)
        check_schema(schema, self.profile)
        _check_time_zones(schema)
        for each in (schema, *(one.schema for one in lists)):
            _check_regions(each)
        self.schema, self._source, self._where, self._order_by = schema, source, where, order_by
        self._fail_on_rejects = fail_on_rejects
        self._min_rows = self.profile.min_rows if min_rows is None else min_rows
        self._lists = Lists(lists, schema, self.profile, registration)
        self._folder = place_of(folder, "folder")
        # what another call reads, leaves out or suppresses is another file
        what = [schema.as_mapping(), self.profile.name, where, order_by, run, _told(source)]
        what += [{**one.as_mapping(), "source": _told(one.source)} for one in lists]
        digest = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:12]
        self._is_run, self._dag_run = bool(run), dag_run
        self._is_packed = self.profile.compression == "gzip"
        self._stem = f"{name}-{self.profile.name}-{digest}"
        self._engine: Engine | None = None
        self._is_stopped = False
        self._simulation = simulation()

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
        raise failure

    def _prepared(self, private: Path) -> dict[str, Any]:
        where = None if self._where is None else _read_where(private, self._where)
        source = source_of(self._source, private, copying=self._copying)
        self._lists.open(private, self._copying)
        before = _state(source)
        # what goes elsewhere is made on the worker, and goes there when it is whole; in a simulation it stays
        folder = private / "made" if self._stays or self._folder.path is None else self._folder.path
        pieces = Pieces(folder, self._stem, compressed=self._is_packed)
        with pieces.claimed(), self._nothing_left_of_the_run(pieces):
            files = [*source.files, *self._lists.files, pieces.part, pieces.rejects_part]
            engine = self._engine = Engine(private, files)
            try:
                if self._is_stopped:
                    raise Stopped
                people = People(
                    engine,
                    source,
                    self.schema,
                    self.profile,
                    self._lists,
                    where=where,
                    order_by=self._order_by,
                )
                self._lists.read(engine)
                facts = self._written(people, source, pieces)
                if _state(source) != before:
                    raise UnfitAudience(
                        f"{source.place} has changed while it was read.", advice="Run the task again."
                    )
                return self._finished(engine, people, pieces, facts)
            finally:
                engine.close()

    @property
    def _stays(self) -> bool:
        """Whether what is made stays in the private folder, and goes with it."""
        return self._simulation is not None

    @contextmanager
    def _nothing_left_of_the_run(self, pieces: Pieces) -> Iterator[None]:
        """Where a task fails, what an earlier try of it has made goes too: nothing else would delete it."""
        try:
            yield
        except BaseException:
            if self._is_run:
                pieces.unname()
                if self._folder.path is None and not self._stays:
                    for name in (pieces.path.name, pieces.rejects_path.name):
                        with suppress(ActivationError):
                            (self._folder / name).delete()
            raise

    def _copying(self, doing: str) -> Tick:
        """What gets the bytes that are copied: it tells of them, and ends the copy if the task is killed."""
        started = told = time.monotonic()

        def tick(copied: int) -> None:
            nonlocal told
            if self._is_stopped:
                raise Stopped
            if (now := time.monotonic()) - told >= TOLD_EVERY:
                told = now
                mb, seconds = copied / 1e6, now - started
                log.info("%s: %.0f MB, %.1f MB/s, after %.0f s.", doing, mb, mb / seconds, seconds)

        return tick

    def _written(self, people: People, source: Source, pieces: Pieces) -> dict[str, Any]:
        """Look at all, write those who are left and the rejects, and return what is told of them."""
        people.look()
        rows, rejects, suppressed = people.counts()
        if self._fail_on_rejects and rejects:
            told = "; ".join(
                f"{column or 'the row'}: {', '.join(f'{reason} {n}' for reason, n in reasons.items())}"
                for column, reasons in rejects.items()
            )
            raise UnfitAudience(
                f"{source.place} has values that cannot be used, and fail_on_rejects is set: {told}."
            )
        written = people.write(pieces.part)
        rows["duplicates"] = rows["read"] - rows["left_out"] - rows["rejected"] - rows["suppressed"] - written
        rows["written"] = written
        if written < self._min_rows:
            raise UnfitAudience(
                f"{source.place}: {written} rows are left of {rows['read']}, and at least {self._min_rows} "
                f"are needed (left out by where {rows['left_out']}, rejected {rows['rejected']}, suppressed "
                f"{rows['suppressed']}, duplicates {rows['duplicates']})."
            )
        if rejects:
            people.write_rejects(pieces.rejects_part)
        lists = [
            {"name": one.name, "rows": one.rows, "unreadable": one.unreadable, "suppressed": number}
            for one, number in zip(self._lists.opened, suppressed, strict=True)
        ]
        return {"rows": rows, "rejects": {"path": None, "counts": rejects}, "suppression": lists}

    def _finished(
        self, engine: Engine, people: People, pieces: Pieces, facts: dict[str, Any]
    ) -> dict[str, Any]:
        """Give the files their names and return the manifest."""
        if self._is_packed:
            engine.during(pieces.pack, doing="Compressing", size=pieces.part.stat().st_size)
        engine.check()
        has_rejects = bool(facts["rejects"]["counts"])
        pieces.name(packed=self._is_packed, rejects=has_rejects)
        named, rejects = self._folder / pieces.path.name, self._folder / pieces.rejects_path.name
        if self._folder.path is None and not self._stays:
            if has_rejects:
                rejects.become(pieces.rejects_path, self._copying(f"Copying to {rejects}"))
            else:
                rejects.delete()
            named.become(pieces.path, self._copying(f"Copying to {named}"))
        facts["rejects"]["path"] = rejects.told if has_rejects and not self._stays else None
        if self._simulation is not None:
            self._simulation.would.append(f"{facts['rows']['written']:,} rows would be written to {named}")
        return manifest.described(
            pieces.path,
            self._simulation.id if self._simulation else named.told,
            run=self._dag_run and dict(self._dag_run),
            profile=self.profile.name,
            columns=people.columns,
            format={
                "delimiter": self.profile.delimiter,
                "header": True,
                "encoding": "utf-8",
                "compression": self.profile.compression,
            },
            **facts,
        )


def _read_where(private: Path, where: str) -> Where:
    """Read the expression before any file is, in an engine that reaches none."""
    reader = Engine(private)
    try:
        return read_where(reader.connection, where)
    finally:
        reader.close()


def _told(source: Any) -> Any:
    """What tells a source from another; nothing of rows."""
    if isinstance(source, str):
        return source
    if is_path(source):
        return written(source)
    if isinstance(source, Mapping):
        return {str(key): str(value) for key, value in source.items()}
    return None


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
