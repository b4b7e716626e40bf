"""A call, its path and query, its answer, and lists of many pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from any_text import CHARACTERS
from api_testing import HTML, NONSENSE, answer
from endpoints import EVERY_CALL, TABLES
from endpoints.table import Entry
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_provider_activation import api
from airflow_provider_activation.api import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.api.call import (
    NOTHING,
    Answer,
    Call,
    FileBody,
    Page,
    Safety,
    Token,
    every_page,
    path_of,
    query_of,
)
from airflow_provider_activation.api.steps import drive
from airflow_provider_activation.errors import ActivationError, InvalidRequest, UnreadableResponse

every_call = pytest.mark.parametrize("call", EVERY_CALL.values(), ids=EVERY_CALL)


# What a call shows of itself


@every_call
def test_repr_shows_service_operation_method_and_template_and_nothing_else(call: Call[Any]) -> None:
    assert repr(call) == f"<{call.service} {call.operation}: {call.method} {call.template}>"


@pytest.mark.parametrize(
    "call",
    [
        dataddo.log_in("CANARY@example.com", "CANARY"),
        dataddo.create_service("snapchat_static", {"staticKey": "CANARY"}),
        liveramp.request_token("CANARY", "CANARY"),
        liveramp.get_integration("CANARY", "CANARY"),
        liveramp.list_segments(value_name="CANARY", field_name="x"),
        delta_projects.get_activity("CANARY", media_agency_id="CANARY", client_id="CANARY"),
        acoustic_exchange.get_segment(1, "CANARY"),
    ],
    ids=lambda call: call.operation,
)
def test_repr_shows_no_argument_and_no_body(call: Call[Any]) -> None:
    assert "CANARY" not in repr(call)
    assert "CANARY" not in str(call)
    assert "CANARY" not in f"{[call]} {call!s}"


def test_a_token_shows_no_header_and_no_secret() -> None:
    token = Token({"Authorization": "Bearer CANARY"}, 600.0, ("CANARY",))
    assert repr(token) == "Token(lifetime=600.0)"


@every_call
def test_the_path_is_the_template_filled(call: Call[Any]) -> None:
    written, filled = call.template.split("/"), call.path.split("/")
    assert len(written) == len(filled)
    for part, value in zip(written, filled, strict=True):
        assert part.startswith("{") != (part == value)


@every_call
def test_what_only_reads_sends_no_body(call: Call[Any]) -> None:
    if call.method == "GET":
        assert call.json is NOTHING
        assert not call.form
        assert call.file is None


# Paths


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("abc", "abc"),
        (9007199254740993, "9007199254740993"),
        ("a b", "a%20b"),
        ("50%", "50%25"),
        ("%2F", "%252F"),
        ("a?b#c", "a%3Fb%23c"),
        ("key:US", "key%3AUS"),
        ("a&b=c+d", "a%26b%3Dc%2Bd"),
        ("größe", "gr%C3%B6%C3%9Fe"),
        ("...", "..."),
        ("..a", "..a"),
    ],
)
def test_an_argument_stays_one_segment(value: str | int, written: str) -> None:
    assert path_of("/v1/{id}/status", id=value) == f"/v1/{written}/status"


BAD_IDS = [
    "",
    " ",
    "\t",
    ".",
    "..",
    " .. ",
    "a/b",
    "/",
    "../x",
    "a\\b",
    "a\nb",
    "a\rb",
    "a\0b",
    "a\x7fb",
    "\x1b",
]


@pytest.mark.parametrize("value", [*BAD_IDS, True, False])
def test_an_argument_that_would_make_another_path_is_refused(value: str | int) -> None:
    with pytest.raises(InvalidRequest, match="activity_id"):
        path_of("/activity/{activity_id}", activity_id=value)


@pytest.mark.parametrize("value", [None, 1.5, ["a"], {}])
def test_an_argument_of_another_type_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequest, match="activity_id"):
        path_of("/activity/{activity_id}", activity_id=value)


@given(st.text(CHARACTERS))
@example("a/../b")
@example("%2e%2e")
def test_any_text_is_one_segment_that_reads_back_or_is_refused(text: str) -> None:
    try:
        path = path_of("/x/{name}/y", name=text)
    except InvalidRequest:
        return
    before, segment, after = path.removeprefix("/").split("/")
    assert (before, after) == ("x", "y")
    assert segment.isascii()
    assert unquote(segment) == text
    assert segment not in (".", "..")


NAMES = {module.SERVICE: name for name, module in vars(api).items() if hasattr(module, "SERVICE")}
"""Of each service the name of its table."""


def arguments_of(entry: Entry) -> dict[str, Any]:
    """Good values for every argument that must be given, and for some more."""
    return entry.arguments(entry.table.standing_in, entry.uses[0])


def ids_in_paths() -> Iterator[tuple[str, Entry, str, str]]:
    """Every endpoint with each argument that stands in its path, and that argument's type."""
    for name, call in EVERY_CALL.items():
        entry = TABLES[NAMES[call.service]].entries[call.operation]
        hints = entry.function.__annotations__
        for variable in re.findall(r"{(\w+)}", call.template):
            if variable in hints:
                yield name.replace(":", ""), entry, variable, hints[variable]


TEXT_IDS = [
    pytest.param(entry, variable, id=f"{name} {variable}")
    for name, entry, variable, kind in ids_in_paths()
    if "str" in kind or "int" not in kind
]
NUMERIC_IDS = [
    pytest.param(entry, variable, id=f"{name} {variable}")
    for name, entry, variable, kind in ids_in_paths()
    if kind == "int"
]


@pytest.mark.parametrize("value", BAD_IDS)
@pytest.mark.parametrize(("entry", "name"), TEXT_IDS)
def test_every_endpoint_that_takes_an_id_refuses_one_that_is_none(
    entry: Entry, name: str, value: str
) -> None:
    assert entry.function(**arguments_of(entry)).path
    with pytest.raises(InvalidRequest, match=name):
        entry.function(**{**arguments_of(entry), name: value})


@pytest.mark.parametrize("value", [None, "", "enable", "refreshSegments", 7.0, True])
@pytest.mark.parametrize(("entry", "name"), NUMERIC_IDS)
def test_a_numeric_id_is_a_whole_number_and_no_word(entry: Entry, name: str, value: Any) -> None:
    # "enable" in the place of an id would be another endpoint: PUT /v1/endpoint/enable
    with pytest.raises(InvalidRequest, match=name):
        entry.function(**{**arguments_of(entry), name: value})


def test_registering_an_endpoint_takes_a_whole_number_too() -> None:
    registration = acoustic_exchange.EndpointRegistration(
        name="a", provider_name="b", endpoint_types=acoustic_exchange.EndpointTypes()
    )
    for value in ("", "enable", 1.0, True):
        with pytest.raises(InvalidRequest, match="endpoint_id"):
            acoustic_exchange.register_endpoint(registration, value)  # type: ignore[arg-type]


# Queries


def test_a_query_keeps_its_order_leaves_out_none_and_writes_small_booleans() -> None:
    assert query_of(b=True, a=False, none=None, number=9007199254740993, empty="") == (
        ("b", "true"),
        ("a", "false"),
        ("number", "9007199254740993"),
        ("empty", ""),
    )


# Answers


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
@every_call
def test_nonsense_is_an_unreadable_response_or_harmless(call: Call[Any], body: bytes) -> None:
    raised: ActivationError | None = None
    try:
        call.parse(answer(body))
    except ActivationError as error:
        raised = error
    if raised is not None:
        assert type(raised) is UnreadableResponse
        assert (raised.service, raised.operation, raised.status) == (call.service, call.operation, 200)
        assert "it answered 200 with a body that cannot be read" in raised.message
        assert raised.__suppress_context__


READS_NO_BODY = {
    *("create_event_type", "delete_destination", "delete_endpoint", "delete_flow", "delete_service"),
    *("delete_source", "delete_write_schedule", "download_segment_data", "enqueue_extraction"),
    *("publish_events", "set_endpoint_attributes", "set_endpoint_database", "update_activity"),
    *("update_event_type", "upload_job_data"),
}
"""What these answer says nothing; that they answered is all."""
READS_AN_EMPTY_BODY = {
    *READS_NO_BODY,
    *("clone_destination", "clone_flow", "deactivate_extraction", "delete_distribution_manager"),
    *("delete_integration_connection", "enqueue_write", "register_endpoint", "remove_segment_configs"),
    *("update_destination", "update_distribution_manager", "update_extraction"),
    *("update_extraction_schedule", "update_flow", "update_integration_connection", "update_service"),
    *("update_source", "update_source_request", "update_write_schedule", "update_write_settings"),
    "update_write_status",
}


@every_call
@pytest.mark.parametrize(
    "page",
    [answer(HTML), answer(b"\n <HTML>"), answer(b"", headers={"Content-Type": "text/html; charset=utf-8"})],
)
def test_a_web_page_is_no_answer_of_any_service(call: Call[Any], page: Answer) -> None:
    with pytest.raises(UnreadableResponse, match="it is a web page"):
        call.parse(page)


@pytest.mark.parametrize("name", ["half a JSON object", "not UTF-8"])
@every_call
def test_what_is_not_json_is_an_unreadable_response(call: Call[Any], name: str) -> None:
    if call.operation in READS_NO_BODY:
        assert call.parse(answer(NONSENSE[name])) in (None, call.into)
    else:
        with pytest.raises(UnreadableResponse):
            call.parse(answer(NONSENSE[name]))


@every_call
def test_an_empty_body_is_an_unreadable_response(call: Call[Any]) -> None:
    if call.operation in READS_AN_EMPTY_BODY:
        call.parse(answer(b""))
    else:
        with pytest.raises(UnreadableResponse):
            call.parse(answer(b""))


words = st.sampled_from(
    ["id", "jobId", "status", "name", "_pagination", "after", "v2/Segments", "access_token", "expires_in"]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(CHARACTERS, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(json_values)
def test_no_json_at_all_makes_a_reader_fail_in_another_way(value: Any) -> None:
    for call in EVERY_CALL.values():
        try:
            call.parse(answer(value))
        except ActivationError:
            continue


def test_the_reason_says_what_is_wrong_and_quotes_nothing() -> None:
    with pytest.raises(UnreadableResponse) as caught:
        acoustic_exchange.get_job("SEGMENT_EXPORT", 1).parse(answer({"jobId": "CANARY", "status": "RUNNING"}))
    assert "jobId" in caught.value.message
    assert "CANARY" not in caught.value.message


def test_a_missing_key_is_named() -> None:
    with pytest.raises(UnreadableResponse, match="access_token"):
        dataddo.log_in("a", "b").parse(answer({}))


# Pages


def pages_of(*afters: str | None) -> tuple[Call[Page[int]], dict[str | None, Page[int]]]:
    """A list whose pages are found by the cursor before them."""

    def unused(answer: Answer) -> Page[int]:
        raise AssertionError

    cursors: list[str | None] = [None, *afters]
    following = [query_of(after=after) if after is not None else None for after in [*cursors[1:], None]]
    return Call("GET", "/things", "/things", Safety.READ, unused), {
        cursor: Page((index,), then)
        for index, (cursor, then) in reversed(list(enumerate(zip(cursors, following, strict=True))))
    }


def read_all(first: Call[Page[int]], pages: dict[str | None, Page[int]]) -> list[int]:
    asked: Iterator[int] = iter(range(20))

    def perform(call: Call[Page[int]]) -> Page[int]:
        assert next(asked, None) is not None, "it reads on for ever"
        return pages[dict(call.query).get("after")]

    return drive(every_page(first), perform)


def test_every_page_reads_to_the_last() -> None:
    assert read_all(*pages_of("a", "b", "c")) == [0, 1, 2, 3]


def test_every_page_of_a_list_of_one_page() -> None:
    assert read_all(*pages_of()) == [0]


@pytest.mark.parametrize("afters", [("a", "a"), ("a", "b", "a"), ("a", "b", "c", "b")])
def test_a_cursor_that_comes_again_ends_the_reading(afters: tuple[str, ...]) -> None:
    first, pages = pages_of(*afters)
    with pytest.raises(UnreadableResponse, match="cursor repeats"):
        read_all(first, pages)


# Files


def test_a_file_is_read_in_pieces_and_again_from_its_beginning(tmp_path: Any) -> None:
    path = tmp_path / "audience.csv"
    path.write_bytes(b"0123456789")
    body = FileBody(path, "text/csv", piece=4)
    assert body.size == 10
    assert list(body.pieces()) == [b"0123", b"4567", b"89"]
    assert list(body.pieces()) == [b"0123", b"4567", b"89"]
