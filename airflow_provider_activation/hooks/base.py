"""The base of the hooks: makes a transport of an Airflow connection."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, ClassVar, TypeVar

from airflow.providers.common.compat.sdk import AirflowNotFoundException
from airflow.sdk import BaseHook

from airflow_provider_activation import airflow_compat
from airflow_provider_activation.api.call import Call, Page, every_page
from airflow_provider_activation.api.steps import Steps
from airflow_provider_activation.errors import ActivationError, InvalidConnection
from airflow_provider_activation.gate import Gate, at_the_gate
from airflow_provider_activation.get_provider_info import CONNECTION_TYPES
from airflow_provider_activation.hooks.connection import (
    ConnectionValues,
    airflow_reads,
    passwords_as_sent,
    third_party_secret,
)
from airflow_provider_activation.hooks.trial import Check, Plan, try_out
from airflow_provider_activation.redaction import Redactor
from airflow_provider_activation.transport import ConnectionSettings, PerLoop, Transport

T = TypeVar("T")

LOOKED_UP_FOR = 60.0
"""Seconds for which a connection that was looked up on an event loop is used for further hooks."""


class _Lookup:
    """One look-up of a connection, shared by all hooks that need it at the same time."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.found: tuple[Any, Any] | None = None
        self.found_at = 0.0


_lookups: PerLoop[dict[tuple[type[ActivationHook], str], _Lookup]] = PerLoop()
_transports: dict[tuple[str, str], Transport] = {}
_transports_lock = threading.Lock()


def _begin_a_forked_process() -> None:
    """A child shares no connection with its parent, and no lock that another thread held at the fork."""
    global _transports_lock
    _transports_lock = threading.Lock()
    _transports.clear()
    _lookups.clear()
    airflow_compat.begin_a_forked_process()


os.register_at_fork(after_in_child=_begin_a_forked_process)


class ActivationHook(BaseHook):
    """A hook of this package. Subclasses say how their connection becomes a `ConnectionSettings`.

    A connection comes from Airflow's form, a URI, JSON or a secrets backend. Its password is sent as it is;
    see `hooks.connection.ConnectionValues` for what is taken off, and README for examples.
    """

    conn_name_attr: ClassVar[str]
    default_conn_name: ClassVar[str]
    conn_type: ClassVar[str]
    hook_name: ClassVar[str]

    def __init__(self, conn_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id
        setattr(self, self.conn_name_attr, conn_id)
        self._transport: Transport | None = None

    def __getstate__(self) -> dict[str, Any]:
        # a copy looks the connection up for itself
        return {**self.__dict__, "_transport": None}

    @property
    def gate(self) -> Gate:
        """Keeps the secrets of this connection in the process, as far as they are known."""
        return Gate(Redactor(), Redactor()) if self._transport is None else self._transport.gate

    def settings(self, values: ConnectionValues) -> ConnectionSettings:
        """The settings of this connection for the transport."""
        raise NotImplementedError

    def test_call(self) -> Call[Any]:
        """A cheap call that changes nothing and needs nothing but the connection."""
        raise NotImplementedError

    def test_plan(self) -> Plan:
        """What the "Test" button tries; the connection has been read."""
        return Plan((Check(self.test_call(), "the credentials"),))

    # on a worker

    @at_the_gate
    def get_conn(self) -> Transport:
        """The transport of this connection: one for all hooks of the process."""
        if self._transport is None or self._transport.pid != os.getpid():
            with self._found(self.conn_id):
                connection = self.get_connection(self.conn_id)
            for secret in passwords_as_sent(connection):
                airflow_compat.mask_secret(secret)
            extra = connection.extra_dejson if airflow_reads(connection.extra) else connection.extra
            self._transport = self._shared_transport(connection, extra)
        return self._transport

    @contextmanager
    def _found(self, conn_id: str) -> Iterator[None]:
        """Airflow passes over a variable of the environment that it cannot read, and says nothing of it."""
        try:
            yield
        except AirflowNotFoundException:
            if (name := f"AIRFLOW_CONN_{conn_id.upper()}") not in os.environ:
                raise
            raise InvalidConnection(
                f"the connection {conn_id!r}: Airflow cannot read {name} of the environment. It holds a "
                "JSON object with Airflow's own names, its login and password as texts, or a URI whose parts "
                "are percent-encoded.",
                service=self.hook_name,
            ) from None

    def look_up_again(self) -> bool:
        """Look the connection up again; returns whether it has changed."""
        before, self._transport = self.get_conn(), None
        return self.get_conn() is not before

    def send(self, call: Call[T]) -> T:
        """Make one call and return what it answers."""
        return self.get_conn().send(call)

    def send_every_page(self, call: Call[Page[T]]) -> list[T]:
        """All items of a paged list."""
        return self.run(every_page(call))

    def run(self, steps: Steps[T], *, within: float | None = None) -> T:
        """Make several calls in a row.

        :param within: seconds after which the call under way is given up, and no pause goes on.
        """
        with closing(steps):
            return self.get_conn().run(steps, within=within)

    def run_apart(self, steps: Steps[T], *, timeout: float) -> T:
        """`run` for a signal handler. It uses no lock and no connection of the interrupted code.

        :param timeout: seconds for all of it; nothing is retried.
        """
        with closing(steps), self.get_conn().apart(timeout=timeout) as transport:
            return transport.run(steps, within=timeout)

    # on an event loop

    async def aget_conn(self, *, max_age: float | None = None) -> Transport:
        """`get_conn` for the event loop. Ten thousand waits on a connection look it up once.

        :param max_age: seconds; a connection that was looked up earlier is looked up again.
        """
        if self._transport is None or self._transport.pid != os.getpid() or max_age is not None:
            connection, extra = await self._look_up(LOOKED_UP_FOR if max_age is None else max_age)
            self._transport = self._shared_transport(connection, extra)
        return self._transport

    async def _look_up(self, max_age: float) -> tuple[Any, Any]:
        lookup = _lookups.get(dict).setdefault((type(self), self.conn_id), _Lookup())
        async with lookup.lock:
            if lookup.found is None or time.monotonic() - lookup.found_at > max_age:
                with self._found(self.conn_id):
                    connection = await airflow_compat.aget_connection(self, self.conn_id)
                for secret in passwords_as_sent(connection):
                    await airflow_compat.amask_secret(secret)
                readable = airflow_reads(connection.extra)
                extra = await airflow_compat.aget_extra(connection) if readable else connection.extra
                lookup.found = connection, extra
                lookup.found_at = time.monotonic()
            return lookup.found

    async def asend(self, call: Call[T]) -> T:
        """Make one call without blocking the event loop."""
        return await (await self.aget_conn()).asend(call)

    async def arun(self, steps: Steps[T], *, within: float | None = None) -> T:
        """Make several calls in a row without blocking the event loop; see `run`."""
        with closing(steps):
            return await (await self.aget_conn()).arun(steps, within=within)

    def _shared_transport(self, connection: Any, extra: Any) -> Transport:
        values = ConnectionValues.of(
            connection, extra, conn_id=self.conn_id, conn_type=self.conn_type, service_name=self.hook_name
        )
        settings = self.settings(values)
        # a changed connection gets a transport of its own
        key = (self.conn_id, settings.fingerprint)
        with _transports_lock:
            if key not in _transports:
                _transports[key] = Transport(
                    settings, on_secret=airflow_compat.mask_secret, aon_secret=airflow_compat.amask_secret
                )
            return _transports[key]

    @at_the_gate
    def secrets_of(self, conn_id: str, places: Mapping[str, str]) -> dict[str, str]:
        """Secrets of another connection that are to be sent; they are kept out of logs and errors.

        :param conn_id: the Airflow connection that holds them.
        :param places: for each which field of it: ``login``, ``password`` or ``extra.<name>``.
        :raises InvalidConnection: a field is empty or no text, or the extra is not JSON.
        """
        with self._found(conn_id):
            connection = self.get_connection(conn_id)
        try:
            values = {part: third_party_secret(connection, place) for part, place in places.items()}
        except ValueError as error:
            raise InvalidConnection(f"the connection {conn_id!r}: {error}.", service=self.hook_name) from None
        if empty := [places[part] for part, value in values.items() if not value]:
            lacks = f"the connection {conn_id!r} lacks {', '.join(empty)}."
            raise InvalidConnection(lacks, service=self.hook_name)
        for value in values.values():
            airflow_compat.mask_secret(value)
            self.get_conn().redact.add(value)
        return values

    # what Airflow asks of a hook

    def test_connection(self) -> tuple[bool, str]:
        """What Airflow's "Test" button shows: what was checked and what was not, or the cause of a failure.

        It ends within `hooks.trial.SECONDS`, retries nothing, and uses no token of another call.
        """
        worked, said = self._tried()
        # the button tests a copy of the connection, under an id that nobody knows
        return worked, said.replace(f"the connection {self.conn_id!r}", "this connection")

    def _tried(self) -> tuple[bool, str]:
        try:
            settings, plan = self.get_conn().settings, self.test_plan()
        except ActivationError as error:
            # one line: the text of the error itself has several, and its long message twice
            return False, self.gate.message(f"{self.hook_name}: {error.message} {error.advice}".rstrip())
        except Exception as error:
            return False, self.gate.message(str(error))
        worked, said, secrets = try_out(settings, plan)
        for secret in secrets:
            airflow_compat.mask_secret(secret)
        return worked, said

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """The connection form for Airflow 3.1; later versions read the provider's metadata."""
        behaviour = _form(cls.conn_type)["ui-field-behaviour"]
        return {name.replace("-", "_"): value for name, value in behaviour.items()}

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """The connection form's own fields for Airflow 3.1; see `get_ui_field_behaviour`."""
        from flask_appbuilder.fieldwidgets import BS3TextFieldWidget
        from wtforms import StringField

        return {
            name: StringField(entry["label"], description=entry["description"], widget=BS3TextFieldWidget())
            for name, entry in _form(cls.conn_type)["conn-fields"].items()
        }


def _form(conn_type: str) -> dict[str, Any]:
    return next(form for form in CONNECTION_TYPES if form["connection-type"] == conn_type)
