"""What the gate makes of values, texts, links and errors."""

from __future__ import annotations

import copy
import json
import logging
import math
import pickle
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

import msgspec
import pytest
from spellings import SPELLINGS

from airflow_provider_activation import errors
from airflow_provider_activation.api import dataddo, liveramp
from airflow_provider_activation.api.call import Token
from airflow_provider_activation.gate import DEEPEST, Gate, is_safe
from airflow_provider_activation.hooks.connection import ConnectionValues
from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeDeleteSegmentsOperator
from airflow_provider_activation.redaction import Redactor
from airflow_provider_activation.transport import ConnectionSettings, Transport

KEY = 'a key/+=&"ü:US'
TOKEN = "a-token-of-today"


@pytest.fixture
def gate() -> Gate:
    return Gate(Redactor([KEY, TOKEN, "short"]), Redactor([KEY]))


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ({"id": 5, "jobId": 2**53 + 1}, {"id": "5", "jobId": str(2**53 + 1)}),
        ({"endpointID": 5, "Ids": [1, [2]]}, {"endpointID": "5", "Ids": ["1", ["2"]]}),
        ({"segmentIDs": (3,)}, {"segmentIDs": ["3"]}),
        ({"job_id": 5, "ids": [5.0, 1.5]}, {"job_id": "5", "ids": ["5", "1.5"]}),
        ({"ids": [{"count": 1, "id": 1}]}, {"ids": [{"count": 1, "id": "1"}]}),
        ({"id": None, "isId": True}, {"id": None, "isId": True}),
        ({"paid": 5, "idle": 5, "Identity": 5}, {"paid": 5, "idle": 5, "Identity": 5}),
        ([2**53, 2**53 + 1, -(2**64)], [2**53, str(2**53 + 1), str(-(2**64))]),
        ([1.5, math.inf, -math.inf, math.nan], [1.5, "inf", "-inf", "nan"]),
        ({1: "a", None: "b", False: "c"}, {"1": "a", "None": "b", "False": "c"}),
        ("a\0b\ud800c", "a\ufffdb\ufffdc"),
        ("a\x1b[1m\n\t\u202e", "a\x1b[1m\n\t\u202e"),
        ({"a\ud800": 1}, {"a\ufffd": 1}),
        ([Colour.RED, Level.LOW, b"a\xff", Path("a/b")], ["red", 1, "a\ufffd", "a/b"]),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02 00:00:00+00:00"),
        ("short", "short"),
        (7, 7),
    ],
    ids=repr,
)  # fmt: skip
def test_what_leaves(gate: Gate, value: Any, left: Any) -> None:
    assert gate(value) == left
    assert gate(gate(value)) == left
    assert json.loads(json.dumps(gate(value), allow_nan=False)) == left
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(gate(value))) == left
    kinds = [type(item) for item in gate(value)] if isinstance(value, list) else []
    assert not {Colour, Level} & {*kinds}


def test_ids_stay_as_they_are_inside(gate: Gate) -> None:
    note = {"id": 2**53 + 1, "before": [5, "5"], "deadline": 1.5, "url": KEY, "far": 2**80}
    assert gate.inside(note) == {**note, "url": "***", "far": str(2**80)}


def test_what_is_nested_too_deeply(gate: Gate) -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    assert json.dumps(gate(deep)).count("[") == DEEPEST


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
def test_a_secret_in_a_result_is_taken_out_and_its_field_is_named(
    gate: Gate, caplog: pytest.LogCaptureFixture, spelled: Callable[[str], str]
) -> None:
    rows = [{"links": {"self": f"https://x.example/?k={spelled(KEY)}"}, "n": 1}, {spelled(TOKEN): "a"}]
    left = gate({"rows": rows, "other": ["untouched & %41"]})
    assert "***" in left["rows"][0]["links"]["self"]
    assert left["other"] == ["untouched & %41"]
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "rows.links.self" in warning.getMessage()
    for text in (json.dumps(left), caplog.text):
        assert spelled(KEY) not in text
        assert spelled(TOKEN) not in text


def test_a_clean_result_is_no_news(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    gate({"name": "a name that is long enough"})
    assert not caplog.records


def test_the_page_for_a_person_stays_usable(gate: Gate) -> None:
    page = {"authorizationUrl": f"https://x.example/?state={TOKEN}"}
    assert gate(page) == page
    assert "***" in gate({"authorizationUrl": f"https://x.example/?key={KEY}"})["authorizationUrl"]


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://x.example/a?b", True),
        ("http://x.example", True),
        ("javascript:alert(1)", False),
        ("https:///nowhere", False),
        ("https://[broken", False),
        ("https://x.example/\x1b", False),
        ("", False),
    ],
)
def test_links(gate: Gate, address: str, safe: bool) -> None:
    assert is_safe(address) is safe
    assert gate.link(address) == (address if safe else None)
    assert gate.link(f"https://x.example/?state={TOKEN}")
    assert gate.link(f"https://x.example/?key={KEY}") is None


def everything_of(error: BaseException) -> str:
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    return f"{error} {error!r} {vars(error)} {shown}"


NASTY = f"no {KEY} \x1b[31m\u202e"
CLEAN = r"no *** \x1b[31m\u202e"


@pytest.mark.parametrize(
    "error",
    [
        errors.JobFailed(NASTY, body=NASTY),
        errors.UncertainOutcome(NASTY, candidates=[NASTY]),
        errors.PartialFailure(NASTY, failed={NASTY: NASTY}, result={"id": 2**60, NASTY: [NASTY]}),
        errors.AlternateActionRequired(NASTY, share_action=NASTY),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors(gate: Gate, error: errors.ActivationError) -> None:
    assert gate.error(error) is error
    assert error.message == error.args[0] == CLEAN
    assert KEY not in everything_of(error)
    assert KEY not in json.dumps(error.as_json(), ensure_ascii=False)
    if isinstance(error, errors.PartialFailure):
        assert error.failed == {CLEAN: CLEAN}
        assert error.result["id"] == str(2**60)
    if isinstance(error, errors.UncertainOutcome):
        assert error.candidates == [CLEAN]


class Quoting(Exception):
    def __str__(self) -> str:
        return f"quotes {KEY}"


def test_errors_of_others(gate: Gate) -> None:
    error = ValueError(NASTY)
    error.__cause__ = KeyError(KEY)
    assert gate.error(error) is error
    assert error.args == (CLEAN,)
    assert error.__cause__.args == ("***",)
    assert str(gate.error(Quoting())) == "Quoting: quotes ***"
    assert isinstance(gate.error(KeyboardInterrupt(KEY)), KeyboardInterrupt)


def test_rendered_ids_are_text() -> None:
    task = AcousticExchangeDeleteSegmentsOperator(task_id="t", endpoint_id=2**60, segment_ids=[7, "a"])
    task.render_template_fields({})
    assert (task.endpoint_id, task.segment_ids) == (str(2**60), ["7", "a"])


# what holds secrets


def held() -> dict[str, Any]:
    values = ConnectionValues("c", "Dataddo", "https://x.example", "me", KEY, {"proxy": f"http://a:{KEY}@p"})
    settings = ConnectionSettings(
        "Dataddo",
        "c",
        "https://x.example",
        headers={"A": KEY},
        secrets=frozenset({KEY}),
        proxy=f"http://{KEY}@p",
    )
    return {
        "values": values,
        "settings": settings,
        "transport": Transport(ConnectionSettings("D", "c", "https://x.example", secrets=frozenset({KEY}))),
        "token": Token({"Authorization": f"Bearer {KEY}"}, 600.0, (KEY,)),
        "JSON body": dataddo.log_in("me", KEY),
        "form body": liveramp.request_token("me", KEY),
        "gate": Gate(Redactor([KEY]), Redactor([KEY])),
    }


@pytest.mark.parametrize("name", held())
def test_no_repr_and_no_pickle_shows_a_secret(name: str) -> None:
    holder = held()[name]
    assert KEY not in repr(holder)
    if name == "gate":
        return
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(holder)
    with pytest.raises(TypeError, match="pickle"):
        copy.deepcopy(holder)
