"""Every input of every service reads each kind of field in the same way."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from api_testing import naming
from pydantic import Field

from airflow_provider_activation.api import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.api.models import AwareDatetime, Input, Number
from airflow_provider_activation.errors import InvalidRequest

MODULES = (acoustic_exchange, dataddo, delta_projects, liveramp)
INPUTS = {
    name: kind
    for module in MODULES
    for name, kind in vars(module).items()
    if inspect.isclass(kind) and issubclass(kind, Input)
}
WRONG: Mapping[Any, list[Any]] = {
    str: [True, 1.5, float("nan"), [], {}],
    int: [True, 1.0, "1.0", "1_000", "", "one", "1e3", "-", "²", Decimal("1.5")],
    float: [
        True,
        "1_000",
        "nan",
        "inf",
        "-inf",
        "1,000",
        "1 000",
        "",
        "x",
        float("nan"),
        float("inf"),
        "\u0661",
    ],
    bool: [0, 1, "1", "yes", "on", "", 1.0],
    datetime: [True, 20261125, 1.5, "20261125", "1764028800", "1e9", "", "soon", "2026-11-25T00:00:00"],
    date: [
        True,
        20261125,
        "20261125",
        "1764028800",
        "2026-11-25T00:00:00Z",
        datetime(2026, 11, 25, tzinfo=UTC),
    ],
}
"""By the kind of a field what it does not take. None is left to each field."""
RIGHT: Mapping[Any, list[tuple[Any, Any]]] = {
    str: [(77123, "77123"), (0, "0"), (2**60, str(2**60)), ("007", "007")],
    int: [("77123", 77123), (" 5 ", 5), (2**60, 2**60), (str(2**60), 2**60)],
    float: [("1e3", 1000.0), (" 2.5 ", 2.5), ("10", 10.0), (3, 3.0), (".5", 0.5)],
    bool: [("True", True), (" false ", False), (True, True)],
}


class Everything(Input):
    text: str | None = None
    whole: Annotated[int, Field(ge=0)] | None = None
    number: Number | None = None
    flag: bool | None = None
    at: AwareDatetime | None = None
    day: date | None = None
    texts: tuple[str, ...] = ()
    wholes: list[int] = Field(default_factory=list, alias="allWholes")
    named: dict[str, str] | None = None
    pair: tuple[date, date] | None = None
    several: dict[str, Any] | str | None = None


KINDS = {"text": str, "whole": int, "number": float, "flag": bool, "at": datetime, "day": date}


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_of_field_takes_what_it_says(name: str) -> None:
    for given, read in RIGHT.get(KINDS[name], []):
        assert repr(getattr(Everything(**{name: given}), name)) == repr(read)
    assert getattr(Everything(**{name: None}), name) is None


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in KINDS for value in WRONG[KINDS[name]]])
def test_each_kind_of_field_refuses_what_could_mean_something_else(name: str, value: Any) -> None:
    with pytest.raises(InvalidRequest, match=f"Everything cannot be sent: {name}: "):
        Everything(**{name: value})


def test_within_lists_and_mappings_too() -> None:
    read = Everything.model_validate(
        {
            "texts": [1, "a"],
            "allWholes": ("7", 8),
            "named": {1: 2, "a": "b"},
            "pair": ["2026-11-25", "2026-11-26"],
        }
    )
    assert read.texts == ("1", "a")
    assert read.wholes == [7, 8]
    assert read.named == {"1": "2", "a": "b"}
    assert read.pair == (date(2026, 11, 25), date(2026, 11, 26))
    for name, value in {
        "texts": [True],
        "wholes": [1.5],
        "named": {"a": 1.5},
        "pair": ["20261125", "20261126"],
    }.items():
        with pytest.raises(InvalidRequest, match=naming(name) if name != "wholes" else "allWholes|wholes"):
            Everything(**{name: value})


def test_where_a_field_takes_several_kinds_nothing_is_changed() -> None:
    assert Everything(several={"a": 1}).several == {"a": 1}
    with pytest.raises(InvalidRequest, match="several"):
        Everything(several=5)


@pytest.mark.parametrize(
    "given",
    [
        "2026-11-25T00:00:00Z",
        "2026-11-25 01:00:00+01:00",
        " 2026-11-25T00:00:00.000+0000 ",
        "20261125T000000Z",
    ],
)
def test_a_timestamp_is_iso_8601_with_its_zone(given: str) -> None:
    assert Everything(at=given).at == datetime(2026, 11, 25, tzinfo=UTC)


def fields() -> Iterator[tuple[type[Input], str, Any]]:
    """Every field of every input, with its kind if it has one."""
    for kind in INPUTS.values():
        for name, field in kind.model_fields.items():
            yield kind, name, kind_of(field.annotation)


def kind_of(annotation: Any) -> Any:
    """The kind of a field, or of what its list holds."""
    if get_origin(annotation) is Annotated:
        return kind_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        kinds = [one for one in get_args(annotation) if one is not type(None)]
        return kind_of(kinds[0]) if len(kinds) == 1 else None
    if get_origin(annotation) is tuple:
        return tuple, kind_of(get_args(annotation)[0])
    return annotation if annotation in WRONG else None


@pytest.mark.parametrize(
    ("kind", "name", "of"), [pytest.param(*one, id=f"{one[0].__name__}.{one[1]}") for one in fields()]
)
def test_every_field_of_every_input_refuses_what_could_mean_something_else(
    kind: type[Input], name: str, of: Any
) -> None:
    in_list, of = (True, of[1]) if isinstance(of, tuple) else (False, of)
    for value in WRONG.get(of, []):
        with pytest.raises(InvalidRequest, match=naming(f"{name}|{kind.model_fields[name].alias or name}")):
            kind.model_validate({name: [value] if in_list else value})


def test_there_are_fields_of_every_kind() -> None:
    found = [of for _, _, of in fields()]
    assert {of for of in found if isinstance(of, type)} == set(WRONG)
    assert len(INPUTS) > 30
    assert len([of for of in found if of is not None]) > 80


def test_digits_are_not_seconds_since_1970() -> None:
    given = {"template_id": "t", "activity_name": 2036, "order_id": 77123, "budget": "1e3"}
    flight = {"flight_start": "2036-01-01T00:00:00Z", "flight_stop": "2036-01-02T00:00:00Z"}
    made = delta_projects.ActivityFromTemplate.model_validate({**given, **flight})
    assert (made.activity_name, made.order_id, made.budget) == ("2036", "77123", 1000.0)
    for name in flight:
        with pytest.raises(InvalidRequest, match=naming(name)):
            delta_projects.ActivityFromTemplate.model_validate({**given, **flight, name: "20361125"})


# What was read goes back as it is


def test_an_integration_connection_is_replaced_by_what_was_read() -> None:
    shown = {
        "id": "7",
        "integrationID": ["1", "2"],
        "properties": [
            {"propertyKey": "a", "propertyValue": "1"},
            {"propertyKey": "a", "propertyValue": "2"},
        ],
        "deviceTypes": ["PII", "WATCH"],
        "oAuthConnectionID": "4",
    }
    connection = liveramp.IntegrationConnection.model_validate(shown)
    sent = {name: shown[name] for name in ("properties", "deviceTypes", "oAuthConnectionID")}
    keeping = liveramp.IntegrationConnectionUpdate.keeping
    assert keeping(connection).body() == sent
    assert keeping(connection, oauth_connection_id="5").body() == {**sent, "oAuthConnectionID": "5"}
    bare = liveramp.IntegrationConnection.model_validate({"id": "7", "integrationID": ["1", "2"]})
    assert keeping(bare, oauth_connection_id=5).body() == {
        "properties": [],
        "deviceTypes": [],
        "oAuthConnectionID": "5",
    }


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"device_types": ["WATCH"]}, "device_types"),
        ({"device_types": []}, "device_types"),
        ({"properties": [{"property_key": "a", "property_value": "1"}] * 2}, "properties"),
        ({"name": "x"}, "name"),
    ],
)
def test_what_changes_is_checked(changes: dict[str, Any], named: str) -> None:
    connection = liveramp.IntegrationConnection.model_validate(
        {"id": "7", "integrationID": ["1", "2"], "deviceTypes": ["WATCH"]}
    )
    with pytest.raises(InvalidRequest, match=naming(named)):
        liveramp.IntegrationConnectionUpdate.keeping(connection, **changes)


def test_a_distribution_manager_is_replaced_by_what_was_read() -> None:
    shown = {
        "id": "8",
        "name": "x" * 60,
        "integrationConnectionID": "7",
        "status": "PAUSED",
        "expireAt": None,
    }
    manager = liveramp.DistributionManager.model_validate(shown)
    keeping = liveramp.DistributionManagerUpdate.keeping
    assert keeping(manager).body() == {"name": "x" * 60, "status": "PAUSED", "expireAt": None}
    changed = keeping(manager, expire_at="2036-12-31", name=2036).body()
    assert changed == {"name": "2036", "status": "PAUSED", "expireAt": "2036-12-31"}
    for changes in ({"status": "PAUSED"}, {"name": "x" * 51}, {"expire_at": "20361231"}):
        with pytest.raises(InvalidRequest, match=naming(next(iter(changes)))):
            keeping(manager, **changes)
    json.dumps(changed)
