"""What the operators for audiences have in common: the gate, and objects that are read as their mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self

from airflow_provider_activation.audience.guard import AudienceGuard
from airflow_provider_activation.audience.schema import AudienceSchema, Column, Suppression
from airflow_provider_activation.errors import InvalidArgument
from airflow_provider_activation.gate import Gate
from airflow_provider_activation.operators.base import ActivationOperator
from airflow_provider_activation.tasks import of_a_base


class Mapped(Protocol):
    """What has the form of a plain mapping too."""

    @classmethod
    def from_mapping(cls, given: Any) -> Self: ...

    def as_mapping(self) -> dict[str, Any]: ...


def mappings(value: Any) -> Any:
    """Schemas, columns, lists and guards as their mappings: Airflow renders and stores what is in them."""
    if isinstance(value, AudienceGuard | AudienceSchema | Column | Suppression):
        value = value.as_mapping()
    if isinstance(value, Mapping):
        return {key: mappings(one) for key, one in value.items()}
    return [mappings(one) for one in value] if isinstance(value, list | tuple) else value


def read_as(kind: type[Mapped], name: str, value: Any) -> dict[str, Any]:
    """Such an object or its mapping; returned as the mapping."""
    value = mappings(value)
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be {kind.__name__} or its mapping, but is {type(value).__name__}.")
    try:
        return kind.from_mapping(value).as_mapping()
    except InvalidArgument as error:
        raise ValueError(error.message) from None


class _Gate(Gate):
    """Counts stay numbers, also that of the reason ``not_a_device_id``: a manifest has no id of a service."""

    __call__ = Gate.inside


class AudienceOperator(ActivationOperator):
    """An operator for files of audiences. It has no connection of its own.

    :param simulate: see `ActivationOperator` (templated).
    """

    @of_a_base
    def __init__(self, *, simulate: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.simulate = simulate

    @property
    def gate(self) -> Gate:
        from airflow_provider_activation.redaction import Redactor

        return _Gate(Redactor(), Redactor())
