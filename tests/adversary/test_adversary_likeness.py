"""What services showed that was taken for the same, and was not."""

from __future__ import annotations

from pathlib import Path

import pytest

from adversary.conftest import Connect, Serve
from adversary.making import DISTRIBUTION, EXPORT, NAMED, SOURCE
from adversary.server import answer
from adversary.services import Acoustic, Dataddo, LiveRamp, Row
from adversary.test_adversary_identity import (
    CHANGED,
    elsewhere,
    full,
    intruding,
    lost,
    one_or_uncertain,
    raced,  # noqa: F401
    told,
)
from adversary.test_adversary_proof import ACTION, Spoil, defining, downloading, error_of, other, updating
from airflow_provider_activation.errors import ActivationError, PartialFailure, Refused


@pytest.mark.parametrize("shown", [{}, {"oAuthId": None}, {"o_auth_id": "32"}])
def test_a_source_that_hides_its_service(shown: Row, connect: Connect, serve: Serve) -> None:
    book = Dataddo()
    label = SOURCE.arguments["source_label"]
    book.has("source", id="s9", label=label, connector_id="snapchat", type="snapchat", parameters=shown)
    story = told(book, SOURCE.served(connect, serve, book), 1)
    assert not story.result or story.result["id"] != "s9"


@pytest.mark.parametrize("store", [True, False])
def test_a_source_of_another_service_is_not_ours(store: bool, connect: Connect, serve: Serve) -> None:
    book = Dataddo({"source": ["undone"]})
    book.meanwhile = intruding(SOURCE, elsewhere, book)
    story = told(book, SOURCE.served(connect, serve, book, store=store), 3)
    assert story.result, story.errors
    assert story.result["id"] != "4711"


@pytest.mark.parametrize("how", ["no store", "two tries, no store"])
@pytest.mark.parametrize("kind", ["manager", "source", "flow"])
@pytest.mark.parametrize("name", ["a slug", "ASCII", "form"])
def test_a_changed_name_without_a_store(
    kind: str, name: str, how: str, connect: Connect, serve: Serve
) -> None:
    one_or_uncertain(lost(NAMED[kind], how, connect, serve, changes=CHANGED[name])(), NAMED[kind])


def test_a_distribution_looks_again(connect: Connect, serve: Serve) -> None:
    book, task = full("config", connect, serve)

    def delete() -> None:
        book.between_pages = None
        del book.rows["config"][0]

    book.between_pages = delete
    assert told(book, task, 1).result["unchanged"] == ["9001"]
    assert book.posts["config"] == 0


def test_a_day_of_expiry_that_was_not_stored(connect: Connect, serve: Serve) -> None:
    spoils = {"manager changed": other(expireAt=None)}
    _, task = updating("expire_at", connect, serve, spoils=spoils)
    assert isinstance(error_of(task.run), Refused)


def test_an_export_into_another_segment(connect: Connect, serve: Serve) -> None:
    book = EXPORT.book(spoils={"job": other(destinationSegmentID="d-2")})
    assert isinstance(error_of(EXPORT.served(connect, serve, book, **ACTION).run), Refused)


def test_segments_of_another_destination(connect: Connect, serve: Serve) -> None:
    """The segment is in distribution under another id of the destination."""
    book = LiveRamp(spoils={"config": other(destinationSegmentID="d-9")})
    segments = [{"segmentID": "9001", "destinationSegmentID": "d-1"}]
    task = DISTRIBUTION.served(connect, serve, book, segments=segments)
    assert isinstance(error_of(task.run), PartialFailure | Refused)


def test_a_json_error_of_another_type(connect: Connect, serve: Serve, tmp_path: Path) -> None:
    said = answer({"title": "gone", "status": 410}, 200, {"Content-Type": "application/problem+json"})
    good = tmp_path / "people.csv"
    good.write_text("yesterday")
    task = downloading(said, ["people.csv"], connect, serve, tmp_path)
    assert isinstance(error_of(task.run), ActivationError)
    assert good.read_text() == "yesterday"


APPENDED = {
    "another type": other(type="Contact Lists"),
    "no attributes": other(segment_attributes=[]),
}


@pytest.mark.parametrize("name", APPENDED)
def test_segments_that_were_appended(name: str, connect: Connect, serve: Serve) -> None:
    book = Acoustic(spoils={"segment": APPENDED[name]})
    assert isinstance(error_of(defining(connect, serve, book, "append").run), ActivationError)


@pytest.mark.parametrize(
    "spoil",
    [other(type="Contact Lists"), other(segment_attributes=[{"name": "mail", "type": "number"}])],
)
def test_segments_of_another_type(spoil: Spoil, connect: Connect, serve: Serve) -> None:
    book = Acoustic(spoils={"segment": spoil})
    assert isinstance(error_of(defining(connect, serve, book).run), ActivationError)


@pytest.mark.parametrize("mode", ["append", "replace"])
def test_a_name_in_another_case(mode: str, connect: Connect, serve: Serve) -> None:
    book = Acoustic(spoils={"segment": other(name="WIN-BACK")})
    task = defining(connect, serve, book, mode)
    task.run()
    task.run()
