"""Endpoints of ``api`` bound to a hook as methods.

``get_flow = sends(api.get_flow)`` in a hook's class makes a method with the arguments, the types and the
docstring of `api.get_flow`, which makes the call and returns what it answers.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from airflow_provider_activation.api.call import Call, Page
from airflow_provider_activation.gate import at_the_gate

if TYPE_CHECKING:
    from airflow_provider_activation.hooks.base import ActivationHook

P = ParamSpec("P")
T = TypeVar("T")
H = TypeVar("H", bound="ActivationHook")


def sends(function: Callable[P, Call[T]]) -> Callable[Concatenate[ActivationHook, P], T]:
    """A method that makes the call of an endpoint and returns what it answers."""

    def method(self: ActivationHook, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.send(function(*args, **kwargs))

    return bound(method, function)


def lists(function: Callable[P, Call[Page[T]]]) -> Callable[Concatenate[ActivationHook, P], list[T]]:
    """A method that reads a paged list and returns the items of every page."""

    def method(self: ActivationHook, /, *args: P.args, **kwargs: P.kwargs) -> list[T]:
        return self.send_every_page(function(*args, **kwargs))

    return bound(method, function)


def bound(
    method: Callable[Concatenate[H, P], T], function: Callable[..., Call[Any]]
) -> Callable[Concatenate[H, P], T]:
    """The method with the name, the signature and the docstring of the endpoint it calls."""
    method = wraps(function)(at_the_gate(method))
    signature = inspect.signature(function)
    returned = re.sub(r"^Call\[(?:Page\[(.*)\]|(.*))\]$", _answered, str(signature.return_annotation))
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    method.__annotations__ = {**function.__annotations__, "return": returned}
    method.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[this, *signature.parameters.values()], return_annotation=returned
    )
    return method


def _answered(annotation: re.Match[str]) -> str:
    return f"list[{annotation[1]}]" if annotation[1] else annotation[2]
