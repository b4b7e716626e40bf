"""What each kind of argument takes, in what form, and what it refuses with the argument's name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_activation import arguments as kinds
from airflow_provider_activation.arguments import Kind

ZONED = datetime(2026, 12, 31, 8, tzinfo=UTC)
WORD = kinds.word("reuse", "fail")


class Lazy(Sequence[Any]):
    """The results of a mapped task, which are no list."""

    def __init__(self, *items: Any) -> None:
        self._items = items

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)


TAKEN: list[tuple[Kind, Any, Any]] = [
    (kinds.TEXT, "", ""),
    (kinds.TEXT, 2026, "2026"),
    (kinds.TEXT, " a ", " a "),
    (kinds.FILLED, " a  b ", "a  b"),
    (kinds.FILLED, 77123, "77123"),
    (kinds.ID, "60f1", "60f1"),
    (kinds.ID, " 5000000001\n", "5000000001"),
    (kinds.ID, 5000000001, "5000000001"),
    (kinds.ID, "16b35327-794c-11e4-8425-daf437376f87", "16b35327-794c-11e4-8425-daf437376f87"),
    (kinds.ID, "60e12", "60e12"),
    (kinds.NUMBER_ID, 8000000000000001152, "8000000000000001152"),
    (kinds.NUMBER_ID, " 10001 ", "10001"),
    (kinds.IDS, ["1", 2], ["1", "2"]),
    (kinds.IDS, ("1",), ["1"]),
    (kinds.IDS, Lazy("1", 2), ["1", "2"]),
    (kinds.TEXTS, ["email"], ["email"]),
    (kinds.COUNT, "3", 3),
    (kinds.AMOUNT, 1000, 1000),
    (kinds.AMOUNT, "1000.50", 1000.5),
    (kinds.AMOUNT, "1e3", 1000),
    (kinds.AMOUNT, Decimal("0.1"), 0.1),
    (kinds.AMOUNT, 0, 0),
    (kinds.FLAG, True, True),
    (kinds.FLAG, False, False),
    (kinds.MARK, True, "suffix"),
    (kinds.MARK, "prefix", "prefix"),
    (kinds.MARK, False, False),
    (kinds.TIMESTAMP, ZONED, "2026-12-31T08:00:00+00:00"),
    (kinds.TIMESTAMP, "2026-12-31 08:00:00+00:00", "2026-12-31T08:00:00+00:00"),
    (kinds.TIMESTAMP, "2026-12-31T08:00:00Z", "2026-12-31T08:00:00+00:00"),
    (kinds.DATE, date(2026, 12, 31), "2026-12-31"),
    (kinds.DATE, "2026-12-31", "2026-12-31"),
    (kinds.PATH, Path("/data/a.csv"), "/data/a.csv"),
    (kinds.PATH, "a.csv", "a.csv"),
    (
        kinds.PLACES,
        {"key": "extra.refresh_token", "id": "login"},
        {"key": "extra.refresh_token", "id": "login"},
    ),
    (
        kinds.STRUCTURE,
        {"a": [1, {"b": None}], "d": date(2026, 1, 2)},
        {"a": [1, {"b": None}], "d": "2026-01-02"},
    ),
    (kinds.NAMED_TEXTS, {"bucket": "a", "port": 22}, {"bucket": "a", "port": "22"}),
    (kinds.RESOURCES, [{"id": 7, "name": "a"}], [{"id": 7, "name": "a"}]),
    (kinds.IDS_OR_RESOURCES, ["1", {"segmentID": "2"}], ["1", {"segmentID": "2"}]),
    (kinds.JSON_OR_TEXT, '{"a": 1}', '{"a": 1}'),
    (kinds.JSON_OR_TEXT, {"a": 1.5}, {"a": 1.5}),
    (WORD, "reuse", "reuse"),
    (kinds.words("PII", "WEB"), ["WEB"], ["WEB"]),
    (kinds.DURATION, timedelta(minutes=1), 60.0),
    (kinds.INTERVAL, 0.1, 0.1),
    (kinds.PLAIN_FLAG, True, True),
]

NO_ID = (
    5000000001.0,
    8e18,
    True,
    None,
    "",
    " ",
    "None",
    "nan",
    "null",
    "True",
    "5000000001.0",
    "8e+18",
    "5,000,000,001",
    "5 000 000 001",
    "5\u202f000\u202f001",
    "1\n2",
    "a\x00",
    b"1",
    float("nan"),
    ["1"],
)
WRONG: list[tuple[Kind, Sequence[Any]]] = [
    (kinds.ID, NO_ID),
    (kinds.NUMBER_ID, (*NO_ID, "60f1", "1_000", "٣", -1, "-1", "1.0")),
    (kinds.TEXT, (1.5, True, None, b"a", ["a"], {})),
    (kinds.FILLED, ("", " \n", 1.5, False)),
    (kinds.IDS, ("1", [], {"1": 1}, {"1"}, 1, [None], ["1", 2.0], b"1", Lazy())),
    (kinds.TEXTS, ("a", [], [""], [1.5])),
    (kinds.COUNT, (0, -1, 0.5, "0", True, "many")),
    (kinds.AMOUNT, ("1,000", "1_000", "nan", "inf", float("inf"), -1, "-1", True, "", "٣", [])),
    (kinds.FLAG, ("True", "false", "no", 1, 0, "", [], {})),
    (kinds.MARK, ("True", "front", 1, 0, "")),
    (kinds.TIMESTAMP, ("2026-12-31T08:00:00", datetime(2026, 1, 1), "20261231", 1761264000)),
    (kinds.TIMESTAMP, ("20261231T080000Z", "1761264000", "yesterday", "", date(2026, 1, 1), True)),
    (kinds.DATE, ("20261231", 20261231, ZONED, "31.12.2026", "", "2026-13-01", True)),
    (kinds.PATH, ("", 3, None, b"a", ["a"])),
    (kinds.PLACES, ({"key": "hunter2"}, {"key": "extra."}, "login", {1: "login"})),
    (kinds.STRUCTURE, ("{}", [], {"a": {1}}, {"a": float("nan")}, {"a": [object()]}, {"": 1})),
    (kinds.STRUCTURE, ({"{{ ds }}": 1}, {"a": {"{{ ds }}": 1}}, {1: 2})),
    (kinds.NAMED_TEXTS, ({"a": 1.5}, {"a": None}, {"a": True}, ["a"])),
    (kinds.RESOURCES, ([], [1], {"id": 1}, [{"id": 7.0}], [{"segmentID": "None"}])),
    (kinds.IDS_OR_RESOURCES, ([], "1", [1.0], [{"segmentID": 1.0}], [None])),
    (kinds.JSON_OR_TEXT, ("", 1.5, [1], {"a": {1}})),
    (WORD, ("Reuse", "", None, True, ["reuse"])),
    (kinds.words("PII"), ("PII", [], ["pii"], [None])),
    (kinds.DURATION, (0, -1, float("inf"), timedelta.max, 1e15, "60", True, None)),
    (kinds.INTERVAL, (1e-9, 86_401, float("nan"), "60")),
    (kinds.PLAIN_FLAG, ("True", 1, None)),
]
REFUSED = [(kind, value) for kind, values in WRONG for value in values]


@pytest.mark.parametrize(("kind", "value", "form"), TAKEN)
def test_what_fits_is_taken_in_one_form(kind: Kind, value: Any, form: Any) -> None:
    read = kind.read("argument", value)
    assert (read, type(read)) == (form, type(form))
    for again in (kind.read, kind.rendered):
        assert again("argument", read) == form


@pytest.mark.parametrize(("kind", "value"), REFUSED)
def test_what_does_not_fit_is_refused_by_name(kind: Kind, value: Any) -> None:
    for read in (kind.read, kind.rendered):
        if kind in (kinds.FLAG, kinds.MARK) and str(value).strip().lower() in ("true", "false"):
            continue
        with pytest.raises(ValueError, match=r"^argument"):
            read("argument", value)
    with pytest.raises(ValueError, match=r"^argument"):
        kind.read("argument", value)


@pytest.mark.parametrize("word", ["true", "True", " TRUE ", True])
def test_a_template_may_render_the_word_of_a_flag(word: Any) -> None:
    assert kinds.FLAG.rendered("argument", word) is True
    assert kinds.MARK.rendered("argument", word) == "suffix"
    assert kinds.FLAG.rendered("argument", "False") is False


def test_a_value_that_may_be_secret_is_not_quoted() -> None:
    with pytest.raises(ValueError, match="argument") as caught:
        kinds.PLACES.read("argument", {"clientSecret": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_what_is_wrong_deep_inside_is_named_with_its_place() -> None:
    wrong: Any = {1}
    for depth in range(60):
        wrong = {"a": wrong} if depth % 2 else [wrong]
    with pytest.raises(ValueError, match="must be plain JSON, but is set") as caught:
        kinds.STRUCTURE.read("argument", wrong)
    assert str(caught.value).startswith("argument['a'][0]['a'][0]")


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(ValueError, match="argument") as caught:
        kinds.NUMBER_ID.read("argument", "x" * 5000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "value", ["{{ ds }}", "{% if a %}b{% endif %}", ["a", {"b": "{{ ds }}"}], Path("/data/{{ ds }}"), print]
)
def test_what_airflow_has_yet_to_render(value: Any) -> None:
    assert kinds.is_template(value)


@pytest.mark.parametrize("value", ["a", "{a}", None, 1, ["a"], {"a": "b"}, ZONED, Path("/data")])
def test_what_needs_no_rendering(value: Any) -> None:
    assert not kinds.is_template(value)


def test_what_is_needed_at_once_takes_no_template() -> None:
    with pytest.raises(ValueError, match="argument takes no template"):
        kinds.given("argument", kinds.ID, "{{ ds }}")
    with pytest.raises(ValueError, match="argument"):
        kinds.given("argument", kinds.ID, None)
    assert kinds.given("argument", kinds.ID | None, None) is None
