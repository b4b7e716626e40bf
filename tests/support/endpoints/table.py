"""What the tables of endpoints are made of: one `Entry` an endpoint, one `Table` a service.

Arguments go by the names of the function's parameters. One that must be given and is not is what is held
under its name. A value that is a function is called with what is held.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox_testing import STEP

from airflow_provider_activation.api.call import Call
from endpoints.answers import Check, is_ok

if TYPE_CHECKING:
    from airflow_provider_activation.hooks.base import ActivationHook
    from airflow_provider_activation.sandbox import Sandbox

BIG = 2**53 + 1
"""The first whole number that a float cannot hold."""
ODD = "50% ä#1?&=+;:@'\""
"""A text with everything that means something in an address, but a slash, which is refused in ids."""
OF_THE_CONNECTION = frozenset({"media_agency_id", "client_id"})
"""Arguments that a hook takes from its connection where they are not given."""
HELD: Any = object()
"""An argument that may be left out and is to be what is held under its name."""


class Held:
    """What a service holds before a call, by the names of arguments.

    :param sandbox: None where nobody acts on requests: every id is then one that nothing has.
    :param folder: where files lie.
    """

    def __init__(self, table: Table, sandbox: Sandbox | None = None, folder: Path = Path()) -> None:
        self.table, self.sandbox = table, sandbox
        self.ids = {"file": folder / "audience.csv", "into": folder / "downloaded.csv", **table.seeds}
        if sandbox is not None:
            self.ids["file"].write_text("email\na@example.com\n")

    def __getattr__(self, name: str) -> Any:
        if name in self.ids:
            return self.ids[name]
        if self.sandbox is None:
            return f"{name.removesuffix('_id')}-1"
        raise AttributeError(f"no {name} is held")

    def keep(self, **ids: Any) -> None:
        self.ids |= ids

    def send(self, call: Call[Any]) -> Any:
        return self.table.hook(call).send(call)

    def let_time_pass(self) -> None:
        """Long enough for whatever runs to come to its end."""
        assert self.sandbox is not None
        self.sandbox.advance(4 * STEP)


Fixture = Callable[[Held], None]
Function = Callable[..., Call[Any]]
Keys = Callable[[Held], dict[str, str]]


def seeds(held: Held) -> None:
    """What is there from the start is enough."""


@dataclass(frozen=True)
class Use:
    """One way to call an endpoint.

    :param given: arguments by name; those that must be given are held, where they are not here.
    :param ready: makes the sandbox ready for it; None if the sandbox would refuse it.
    :param known: whether an answer is the right one.
    """

    given: Mapping[str, Any]
    ready: Fixture | None = None
    known: Check = is_ok


def on(ready: Fixture, known: Check = is_ok, **given: Any) -> Use:
    """A use that the sandbox answers."""
    return Use(given, ready, known)


def use(**given: Any) -> Use:
    """A use whose request alone is looked at."""
    return Use(given)


def each(name: str, values: Iterable[Any], **given: Any) -> Iterator[Use]:
    """A use for each value of an argument."""
    return (use(**{name: value}, **given) for value in values)


class Entry:
    """An endpoint.

    :param function: the function in ``api``; its name is the operation's and that of the hook's method.
    :param uses: from the smallest to the fullest, all choices among them. The first stands for the endpoint
        where one use is enough, the last one that the sandbox answers where requests are generated.
    """

    def __init__(self, table: Table, function: Function, uses: Sequence[Use]) -> None:
        self.table, self.function, self.uses = table, function, uses
        self.name = function.__name__
        self.tried = [use for use in uses if use.ready]
        self.answers_pages = "Page[" in str(function.__annotations__["return"])

    def arguments(self, held: Held, use: Use, method: Callable[..., Any] | None = None) -> dict[str, Any]:
        """By the parameters' names.

        :param method: the hook's method, which knows its connection; without it all that the call needs.
        """
        given = {name: value(held) if callable(value) else value for name, value in use.given.items()}
        given |= {name: getattr(held, name) for name, value in given.items() if value is HELD}
        for name, parameter in inspect.signature(method or self.function).parameters.items():
            of_connection = name in OF_THE_CONNECTION and parameter.kind is parameter.KEYWORD_ONLY
            needed = parameter.default is parameter.empty or (method is None and of_connection)
            if needed and name not in given:
                given[name] = getattr(held, name)
        return given

    def call(self, held: Held, use: Use) -> Call[Any]:
        made: Call[Any] = apply(self.function, self.arguments(held, use))
        return made


def apply(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call a function as people do, with arguments by position as far as that goes."""
    bound = inspect.signature(function).bind(**arguments)
    return function(*bound.args, **bound.kwargs)


Uses = Mapping[Function, Sequence[Use]]


class Table:
    """The endpoints of a service, in the order in which the documentation lists them.

    :param name: that of its files, of its contract and of its type of connection.
    :param seeds: what is there from the start, and what stands for things where there is no sandbox.
    :param keys: credentials by the name that the contract gives their kind.
    :param uses: for each endpoint, see `Entry`.
    """

    def __init__(self, name: str, seeds: Mapping[str, Any], keys: Keys, uses: Uses) -> None:
        self.name, self.seeds, self.keys = name, seeds, keys
        self.standing_in = Held(self)
        self.entries = {function.__name__: Entry(self, function, some) for function, some in uses.items()}

    @cached_property
    def hook_class(self) -> type[ActivationHook]:
        module = importlib.import_module(f"airflow_provider_activation.hooks.{self.name}")
        (found,) = (kind for kind in vars(module).values() if getattr(kind, "conn_type", "") == self.name)
        return found  # type: ignore[no-any-return]

    def hook(self, call: Call[Any] | None = None) -> ActivationHook:
        """With the connection whose key may make the call: the account's, or that of an endpoint."""
        alone = call is not None and "account" not in call.key_levels and bool(call.key_levels)
        return self.hook_class(f"{self.name}_{'endpoint' if alone else 'default'}")

    @cached_property
    def methods(self) -> dict[str, Entry]:
        """The entries that are methods of the hook. The others log in, which only a connection does."""
        return {name: entry for name, entry in self.entries.items() if hasattr(self.hook_class, name)}

    def calls(self) -> Iterator[tuple[Entry, Use, Call[Any]]]:
        """Every use as the call it makes, where nobody acts on it."""
        for entry in self.entries.values():
            for use in entry.uses:
                yield entry, use, entry.call(self.standing_in, use)
