"""Services that show late what they made, with the pauses and the minutes that tasks really have."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from adversary.conftest import Connect, Serve, all_at_once
from adversary.making import MANAGER, TOLD, Kind
from adversary.services import Acoustic, Book
from adversary.test_adversary_identity import Stories, Story, made_once, told
from adversary.test_adversary_proof import defining, other
from airflow_provider_activation.actions import base
from airflow_provider_activation.errors import ActivationError

REAL = {name: getattr(base, name) for name in ("LOOKS_AFTER_DOUBT", "ACKNOWLEDGED_FOR")}
"""Read before a fixture of all tests shortens them."""
LAGS = {"20 s": 20.0, "50 s": 50.0}


@pytest.fixture(autouse=True, scope="module")
def _real_pauses(_short_looks: None) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in REAL.items():
            monkeypatch.setattr(base, name, value)
        yield


@pytest.fixture(scope="module")
def late(connect_for_all: Connect, serve_for_all: Serve) -> Stories:
    """Each kind, taken with 202 or with a lost answer, and shown in lists and by its id much later."""
    cases: dict[Any, Callable[[], Story]] = {}
    for kind, of_kind in TOLD.items():
        for name, lag in LAGS.items():
            for fate in ("202", "lost"):
                book = of_kind.book({of_kind.made: [fate]}, listed_after=lag, found_after=lag)
                task = of_kind.served(connect_for_all, serve_for_all, book)
                cases[kind, name, fate] = partial(patiently, book, task, of_kind, lag)
    for store in ("store", "no store"):
        # the first try cannot look, for the service is down; the second comes at once and finds nothing yet
        book = MANAGER.book({"manager": ["lost"]}, listed_after=20.0, found_after=20.0, blind_after=True)
        task = MANAGER.served(connect_for_all, serve_for_all, book, store=store == "store")
        cases["two tries", store] = partial(told, book, task, 3)
    spoilt = Acoustic(spoils={"segment": other(id=6)})
    cases["another segment",] = partial(told, spoilt, defining(connect_for_all, serve_for_all, spoilt), 1)
    return {name: outcome.result() for name, outcome in all_at_once(cases, 48).items()}


def patiently(book: Book, task: Any, kind: Kind, lag: float) -> Story:
    """Tries that follow each other after ten seconds, as long as a person would wait."""
    began = time.monotonic()
    story = told(book, task, 1)
    while not story.result and time.monotonic() - began < lag + 20:
        time.sleep(10)
        again = told(book, task, 1)
        story = Story(book, again.result, story.errors + again.errors)
    return story


@pytest.mark.parametrize("fate", ["202", "lost"])
@pytest.mark.parametrize("lag", LAGS)
@pytest.mark.parametrize("kind", TOLD)
def test_what_is_shown_after_many_seconds_is_made_once(kind: str, lag: str, fate: str, late: Stories) -> None:
    """202, and the list showed it 20 s later: two."""
    made_once(late[kind, lag, fate], TOLD[kind])


@pytest.mark.parametrize("store", ["store", "no store"])
def test_two_tries_that_follow_at_once(store: str, late: Stories) -> None:
    """The second found nothing, since the list showed it after 20 s only, and made another."""
    made_once(late["two tries", store], MANAGER)


def test_a_segment_that_never_shows(late: Stories) -> None:
    """``true``, and the endpoint offers another segment: said after a minute."""
    story = late["another segment",]
    assert story.result is None
    assert [isinstance(error, ActivationError) for error in story.errors] == [True]
