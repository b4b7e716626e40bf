"""Ways to use the methods of the hooks, from which the tests of the contracts take every request.

Each service has a table of its own (``uses_of_<service>.py``): every method with the fewest and with all of
its arguments, every field of every model that is sent, and every choice where there are some.
`with_odd_ids` adds the same with ids that are hard to put into an address.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from airflow_provider_activation.api.models import Input
from airflow_provider_activation.hooks.base import ActivationHook

BIG = 2**53 + 1
"""A whole number that a float cannot hold."""
ODD = "50% ä#1?&=+;:@'\""
"""An id with everything that means something in an address, but a slash, which is refused."""
WHOLE_NUMBERS = frozenset({"service_id"})
"""Ids that methods take as text and services have as whole numbers."""


@dataclass(frozen=True)
class Use:
    """A hook's method and what it is given."""

    method: str
    arguments: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)

    def of(self, hook: ActivationHook) -> Any:
        return getattr(hook, self.method)(*self.arguments, **self.named)

    def bound(self, hook_class: type[ActivationHook]) -> inspect.BoundArguments:
        """The arguments by the names of the method's parameters, without those left out."""
        signature = inspect.signature(getattr(hook_class, self.method))
        return signature.bind(None, *self.arguments, **self.named)

    def __str__(self) -> str:
        given = [*map(repr, self.arguments), *(f"{name}={value!r}" for name, value in self.named.items())]
        return f"{self.method}({', '.join(given)})"


def use(method: str, *arguments: Any, **named: Any) -> Use:
    return Use(method, arguments, named)


def public_methods(hook_class: type[ActivationHook]) -> set[str]:
    """The methods a hook's class adds to those all hooks have. ``account`` says where, and sends nothing."""
    return {
        name
        for name, value in vars(hook_class).items()
        if inspect.isfunction(value) and not name.startswith("_") and not hasattr(ActivationHook, name)
    } - {"account"}


def with_odd_ids(hook_class: type[ActivationHook], uses: Iterable[Use]) -> Iterator[Use]:
    """Each use, and the same with every id that is an argument replaced by an odd text or a large number."""
    for one in uses:
        yield one
        bound = one.bound(hook_class)
        hints = get_type_hints(getattr(hook_class, one.method))
        ids = {
            name: [BIG] * allows(hints[name], int)
            + [str(BIG) if name in WHOLE_NUMBERS else ODD] * allows(hints[name], str)
            for name in bound.arguments
            if name.endswith(("_id", "_name")) and not literals(hints[name])
        }
        for number in range(max(map(len, ids.values()), default=0)):
            odd = {name: values[min(number, len(values) - 1)] for name, values in ids.items()}
            bound.arguments.update(odd)
            yield Use(one.method, bound.args[1:], dict(bound.kwargs))


def allows(hint: Any, kind: type) -> bool:
    """Whether a type is this one or a union with it."""
    return hint is kind or (get_origin(hint) in (Union, UnionType) and kind in get_args(hint))


def literals(hint: Any) -> set[Any]:
    """All choices of the Literals within a type."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return {choice for inner in get_args(hint) for choice in literals(inner)}


def models_in(value: Any) -> Iterator[Input]:
    """All models within what a method is given."""
    if isinstance(value, Input):
        yield value
        yield from models_in([inner for _, inner in value])
    elif isinstance(value, Mapping):
        yield from models_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from models_in(inner)


def models_taken(hook_class: type[ActivationHook]) -> set[type[Input]]:
    """All models that a hook's methods take, and those within them."""
    found: set[type[Input]] = set()
    hints = [
        hint
        for method in public_methods(hook_class)
        for name, hint in get_type_hints(getattr(hook_class, method)).items()
        if name != "return"
    ]
    while hints:
        hint = hints.pop()
        if inspect.isclass(hint) and issubclass(hint, Input) and hint not in found:
            found.add(hint)
            hints += [field.annotation for field in hint.model_fields.values()]
        hints += get_args(hint)
    return found
