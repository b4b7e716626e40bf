"""Services that change texts, lose answers and show late what they made; and others who make the like."""

from __future__ import annotations

import html
import itertools
import re
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from task_running import Task

from adversary.conftest import Connect, Serve, all_at_once
from adversary.making import (
    BUILD,
    CONNECTION,
    DISTRIBUTION,
    JOBS,
    MANAGER,
    MARKED,
    NAMED,
    PROPERTIES,
    SERVICE,
    SOURCE,
    TOLD,
    Kind,
    third_party,
)
from adversary.services import Book, Dataddo, LiveRamp, Row
from airflow_provider_activation.errors import ActivationError, UncertainOutcome

SPELLED: dict[str, Callable[[str], str]] = {
    "upper case": str.upper,
    "trimmed and folded": lambda text: " ".join(text.split()),
    "padded": lambda text: f"  {text}\t",
    "NFD": partial(unicodedata.normalize, "NFD"),
}
CHANGED: dict[str, Callable[[str], str]] = {
    "appended": lambda text: f"{text} (copy)",
    "prefixed": lambda text: f"Q4 / {text}",
    "HTML": html.escape,
    "URL": partial(quote, safe=""),
    "form": quote_plus,
    "without signs": lambda text: re.sub(r"[^\w\s]", "", text),
    "a slug": lambda text: re.sub(r"\W+", "-", text.lower()).strip("-"),
    "cut in the middle": lambda text: text if len(text) < 24 else f"{text[:4]}...{text[-20:]}",
    "ASCII": lambda text: unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode(),
}
CUT: dict[str, Callable[[str], str]] = {
    "cut": lambda text: text[:20],
    "made up": lambda text: "Activity 17",
}
HOWS = ("lost", "503", "202", "201", "two tries", "no store", "two tries, no store")


@dataclass
class Story:
    """What came of a task after some tries."""

    book: Book
    result: Any = None
    errors: tuple[BaseException, ...] = ()


def told(book: Book, task: Task, tries: int = 3) -> Story:
    """Tries until one ends well; a service that was blind sees again after the first."""
    story = Story(book)
    for _ in range(tries):
        try:
            story.result = task.run()
            break
        except Exception as error:
            story.errors += (error,)
            if not getattr(error, "retry_helps", True):
                break
        book.blind = False
    return story


Stories = dict[tuple[str, ...], Story]


def run_all(cases: dict[Any, Callable[[], Story]]) -> dict[Any, Story]:
    return {name: outcome.result() for name, outcome in all_at_once(cases, 48).items()}


def lost(kind: Kind, how: str, connect: Connect, serve: Serve, **habits: Any) -> Callable[[], Story]:
    """The first call is made, its answer is not told, in this way."""
    fate = how if how in ("503", "202", "201") else "lost"
    book = kind.book({kind.made: [fate]}, blind_after="two tries" in how, **habits)
    task = kind.served(connect, serve, book, store="no store" not in how)
    return partial(told, book, task, 2)


@pytest.fixture(scope="module")
def changed(connect_for_all: Connect, serve_for_all: Serve) -> Stories:
    """Each kind at a service that changes texts and loses the answer, in turn in each way."""
    cases: dict[Any, Any] = {}
    changes = SPELLED | CHANGED | CUT
    for kind, hows in zip(TOLD, (HOWS[number:] + HOWS[:number] for number in range(9)), strict=False):
        for (name, change), how in zip(changes.items(), itertools.cycle(hows), strict=False):
            if kind in NAMED and name not in SPELLED:
                how = how.removesuffix(", no store").replace("no store", "lost")
            cases[kind, name] = lost(TOLD[kind], how, connect_for_all, serve_for_all, changes=change)
    return run_all(cases)


def made_once(story: Story, kind: Kind) -> None:
    """One call, and the task has what it made."""
    assert story.book.posts[kind.made] == 1, story.errors
    if not story.result:
        raise story.errors[-1]
    assert kind.number(story.result) == str(story.book.rows[kind.made][-1][kind.thing])


@pytest.mark.parametrize("name", SPELLED | CHANGED)
@pytest.mark.parametrize("kind", MARKED)
def test_the_key_is_found_in_a_text_that_was_changed(kind: str, name: str, changed: Stories) -> None:
    """A service that folded blanks or changed case, and lost the answer: two were made."""
    made_once(changed[kind, name], MARKED[kind])


@pytest.mark.parametrize("name", SPELLED)
@pytest.mark.parametrize("kind", NAMED)
def test_a_name_is_found_in_another_spelling(kind: str, name: str, changed: Stories) -> None:
    """What has no key is known by its name, in which case, blanks and spelling do not matter."""
    made_once(changed[kind, name], NAMED[kind])


@pytest.mark.parametrize(("kind", "name"), itertools.product(NAMED, CHANGED | CUT))
def test_a_name_that_was_changed_makes_no_second(kind: str, name: str, changed: Stories) -> None:
    """Under another text it may be the task's own, or it may not."""
    one_or_uncertain(changed[kind, name], NAMED[kind])


@pytest.mark.parametrize(("kind", "name"), itertools.product(MARKED, CUT))
def test_a_key_that_was_cut_off_makes_no_second(kind: str, name: str, changed: Stories) -> None:
    """Without its key nobody can tell whose it is."""
    story = changed[kind, name]
    one_or_uncertain(story, MARKED[kind])
    assert not story.result


def one_or_uncertain(story: Story, kind: Kind) -> None:
    assert story.book.posts[kind.made] == 1, story.errors
    if story.result:
        made_once(story, kind)
    else:
        assert isinstance(story.errors[-1], UncertainOutcome), story.errors


@pytest.mark.parametrize("kind", ["activity", "export"])
def test_a_key_at_the_front_survives_a_cut(kind: str, connect: Connect, serve: Serve) -> None:
    """For a service that cuts texts the key stands before the text."""
    book = MARKED[kind].book({MARKED[kind].made: ["lost"]}, changes=CUT["cut"])
    task = MARKED[kind].served(connect, serve, book, mark_submission="prefix")
    made_once(told(book, task, 1), MARKED[kind])


# --- what a service shows late ---------------------------------------------------------------------

LATE: dict[str, Row] = {
    "listed late": {"listed_after": 0.2},
    "found late": {"found_after": 0.2},
    "late": {"listed_after": 0.2, "found_after": 0.2},
}


HOWS_LATE = ("answered", "lost", "202", "no store")
LATE_IN_WAYS = [*itertools.product(LATE, HOWS_LATE[:1]), *itertools.product(["late"], HOWS_LATE[1:])]


@pytest.fixture(scope="module")
def late(connect_for_all: Connect, serve_for_all: Serve) -> Stories:
    cases: dict[Any, Any] = {}
    for kind, name in itertools.product(TOLD | {"distribution": DISTRIBUTION, "build": BUILD}, LATE):
        of_kind = (TOLD | {"distribution": DISTRIBUTION, "build": BUILD})[kind]
        for how in HOWS_LATE if name == "late" else HOWS_LATE[:1]:
            fates = {} if how == "answered" else {of_kind.made: ["202" if how == "202" else "lost"]}
            if kind == "build" and how != "answered":
                fates = {"source": ["lost"], "flow": [how if how == "202" else "lost"]}
            book = of_kind.book(fates, **LATE[name])
            task = of_kind.served(connect_for_all, serve_for_all, book, store=how != "no store")
            cases[kind, name, how] = partial(told, book, task, 3)
    return run_all(cases)


@pytest.mark.parametrize(("name", "how"), LATE_IN_WAYS)
@pytest.mark.parametrize("kind", [*TOLD, "distribution"])
def test_what_is_shown_late_is_made_once(kind: str, name: str, how: str, late: Stories) -> None:
    """202, and the list showed it 20 s later: two. One list that was a second late cost a try."""
    story = late[kind, name, how]
    if kind == "distribution":
        assert story.book.posts["config"] == 1
        assert set(DISTRIBUTION.number(story.result)) == {"9001", "9002"}
    else:
        made_once(story, TOLD[kind])
    if how == "answered":
        assert not story.errors


@pytest.mark.parametrize(("name", "how"), LATE_IN_WAYS)
def test_each_part_of_a_flow_is_made_once(name: str, how: str, late: Stories) -> None:
    story = late["build", name, how]
    assert story.book.posts == {"service": 1, "source": 1, "flow": 1}, story.errors
    assert story.result


@pytest.fixture(scope="module")
def acknowledged(connect_for_all: Connect, serve_for_all: Serve) -> Stories:
    """What is taken without an id and shown after the time in which a lost answer is looked for."""
    cases: dict[Any, Any] = {}
    for (name, kind), status in itertools.product(TOLD.items(), ACKNOWLEDGEMENTS):
        book = kind.book({kind.made: [status]}, listed_after=0.7, found_after=0.7)
        task = kind.served(connect_for_all, serve_for_all, book)
        cases[name, status] = partial(told, book, task, 3)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("airflow_provider_activation.actions.base.ACKNOWLEDGED_FOR", 3.0)
        return run_all(cases)


ACKNOWLEDGEMENTS = ("201", "202", "204")


@pytest.mark.parametrize("status", ACKNOWLEDGEMENTS)
@pytest.mark.parametrize("kind", TOLD)
def test_what_was_acknowledged_is_not_sent_again(kind: str, status: str, acknowledged: Stories) -> None:
    """202, and the thing showed after 20 s: two."""
    one_or_uncertain(acknowledged[kind, status], TOLD[kind])
    if kind != "export":
        assert acknowledged[kind, status].result


@pytest.fixture(scope="module")
def undone(connect_for_all: Connect, serve_for_all: Serve) -> Stories:
    """What is not made, or has no mark; alone, or while another makes the like."""
    cases: dict[Any, Any] = {}

    def add(name: tuple[str, ...], fate: str, whose: str = "", store: bool = True) -> None:
        kind = (TOLD | JOBS)[name[0]]
        book = kind.book({kind.made: [fate]})
        if whose:
            book.meanwhile = intruding(kind, INTRUDERS[whose], book)
        task = kind.served(connect_for_all, serve_for_all, book, store=store)
        cases[name] = partial(told, book, task, 3)

    for kind in TOLD:
        add((kind,), "undone")
    for kind, store in itertools.product(JOBS, STORES):
        add((kind, store), "lost", store=store == "store")
    for (kind, whose), store in itertools.product(INTRUDED, STORES):
        add((kind, whose, store), "undone", whose, store == "store")
    for kind, fate in itertools.product(["import", "refresh"], ["undone", "lost"]):
        add((kind, "another", fate), fate, "an equal")
    return run_all(cases)


STORES = ("store", "no store")


@pytest.mark.parametrize("kind", TOLD)
def test_what_was_not_made_is_made(kind: str, undone: Stories) -> None:
    """503, and nothing was made: nothing is lost either."""
    story = undone[kind,]
    book = story.book
    if kind == "export":
        assert isinstance(story.errors[-1], UncertainOutcome)
    else:
        assert story.result
        assert book.posts[TOLD[kind].made] == 2
        assert len(book.rows[TOLD[kind].made]) == 1


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("kind", JOBS)
def test_what_nothing_can_mark_is_uncertain(kind: str, store: str, undone: Stories) -> None:
    """A new job may be somebody else's."""
    story = undone[kind, store]
    assert story.book.posts[JOBS[kind].made] == 1
    assert isinstance(story.errors[-1], UncertainOutcome)
    assert not story.result


# --- others who make the like ----------------------------------------------------------------------

OTHER_KEY = "[af:0123456789ab]"


def others_name(kind: Kind, row: Row) -> None:
    """The row becomes what another task made, with its own key."""
    for name in ("name", "label", "destinationSegmentDescription"):
        if isinstance(row.get(name), str):
            row[name] = re.sub(r"\[af:\w+\]", OTHER_KEY, row[name])


def persons_name(kind: Kind, row: Row) -> None:
    """The row becomes what a person made, with a name of the same beginning and no key."""
    for name in ("name", "label", "destinationSegmentDescription"):
        if isinstance(row.get(name), str):
            row[name] = re.sub(r"\s*\[af:\w+\]", "", row[name])


def elsewhere(kind: Kind, row: Row) -> None:
    """The row becomes the like of it for another customer."""
    other: Row = {
        "integrationID": ["1002", "2003"],
        "integrationConnectionID": "56",
        "source": [{"source_id": "s1"}, {"source_id": "s3"}],
        "parameters": {"oAuthId": 32, "staticKey": "theirs"},
    }
    row.update({name: value for name, value in other.items() if name in row})
    others_name(kind, row)


INTRUDERS: dict[str, Callable[[Kind, Row], None]] = {
    "another task": others_name,
    "a person": persons_name,
    "elsewhere": elsewhere,
    "an equal": lambda kind, row: None,
}
INTRUDED = [
    *itertools.product(["activity", "export", "service"], ["another task", "a person"]),
    *itertools.product(["connection", "manager", "source", "flow"], ["elsewhere"]),
    ("service", "elsewhere"),
]


def intruding(kind: Kind, change: Callable[[Kind, Row], None], book: Book) -> Callable[[str, Row], None]:
    """While the first call is on its way, another makes the like."""

    def meanwhile(made: str, row: Row) -> None:
        if made != kind.made or book.rows.get(made):
            return
        like = dict(row)
        like[kind.thing] = 4711 if made in ("service", "job") else "4711"
        change(kind, like)
        book.add(made, like)

    return meanwhile


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize(("kind", "whose"), INTRUDED)
def test_the_like_of_another_is_not_taken(kind: str, whose: str, store: str, undone: Stories) -> None:
    """A's call failed and made nothing, B's succeeded in between; A took B's, with B's credentials."""
    story = undone[kind, whose, store]
    if story.result:
        assert TOLD[kind].number(story.result) != "4711"
        assert story.book.posts[TOLD[kind].made] == 2
    elif kind == "source":
        assert isinstance(story.errors[-1], ActivationError)
    else:
        assert isinstance(story.errors[-1], UncertainOutcome)
        assert whose == "a person" or kind == "export", story.errors


@pytest.mark.parametrize("kind", ["import", "refresh"])
@pytest.mark.parametrize("fate", ["undone", "lost"])
def test_the_job_of_another_is_not_taken(kind: str, fate: str, undone: Stories) -> None:
    """An equal job of another task was the only new one."""
    story = undone[kind, "another", fate]
    assert isinstance(story.errors[-1], UncertainOutcome)
    assert any("4711" in str(error) for error in story.errors)
    assert not story.result
    assert story.book.posts["job"] == 1


def services_of_others() -> dict[str, Row]:
    return {
        "the same type": {"service": "snapchat_static", "label": "snapchat_static 1"},
        "the same label": {"service": "snapchat_static", "label": SERVICE.arguments["service_label"]},
        "no type": {"label": SERVICE.arguments["service_label"]},
        "a null label": {"service": "snapchat_static", "label": None},
        "another's key": {"service": "snapchat_static", "label": f"snapchat_static {OTHER_KEY}"},
        "an empty key": {"service": "snapchat_static", "label": "snapchat_static [af:]"},
    }


@pytest.mark.parametrize("name", services_of_others())
def test_a_service_is_not_taken_on_likeness(name: str, connect: Connect, serve: Serve) -> None:
    """Any service of the type was taken, whoever's: a source with another customer's credentials."""
    book = Dataddo()
    book.has("service", id=31, status=True, **services_of_others()[name])
    story = told(book, BUILD.served(connect, serve, book), 1)
    assert story.result, story.errors
    assert book.posts["service"] == 1
    assert str(book.rows["source"][0]["parameters"]["oAuthId"]) != "31"


def test_builds_with_two_customers_credentials(connect: Connect, serve: Serve) -> None:
    """Two DAGs build flows at once with equal labels, and the answers of all calls are lost."""
    fates = {kind: ["lost", "undone", "lost"] for kind in ("service", "source", "flow")}
    book = Dataddo(fates)
    conn_id = connect("dataddo", serve(book).url)
    whose = {name: third_party(connect, name) for name in ("a", "b", "c")}
    tasks = {name: BUILD.task(conn_id, credentials_conn_id=given) for name, given in whose.items()}
    stories = run_all({name: partial(told, book, task, 3) for name, task in tasks.items()})
    held = {str(row["id"]): row["parameters"]["staticKey"] for row in book.rows["service"]}
    assert len(held) == 3
    sources = {row["id"]: row for row in book.rows["source"]}
    for name, story in stories.items():
        if story.result:
            loads_with = str(sources[story.result["source_id"]]["parameters"]["oAuthId"])
            assert held[loads_with] == f"refresh-token-of-{name}"
        else:
            assert isinstance(story.errors[-1], ActivationError)


@pytest.mark.parametrize("shown", [{"oAuthId": 32}, {"oAuthId": "32"}, {"oAuthId": 310}])
def test_a_source_is_taken_only_if_it_loads_with_the_service(
    shown: Row, connect: Connect, serve: Serve
) -> None:
    """A source of the same label that loads with another service."""
    book = Dataddo()
    label = SOURCE.arguments["source_label"]
    book.has("source", id="s9", label=label, connector_id="snapchat", type="snapchat", parameters=shown)
    story = told(book, SOURCE.served(connect, serve, book), 1)
    assert not story.result or story.result["id"] != "s9"


CONNECTIONS: dict[str, Row] = {
    "another bucket": {"properties": [{"propertyKey": "bucket", "propertyValue": "theirs"}]},
    "fewer devices": {"deviceTypes": ["PII"]},
    "more devices": {"deviceTypes": ["PII", "WEB", "IOS"]},
    "another integration": {"integrationID": ["1002", "2003"]},
    "another destination": {"integrationID": ["1003", "2002"]},
    "another's consent": {"oAuthConnectionID": "o-2"},
    "more properties": {"properties": [*PROPERTIES, {"propertyKey": "folder", "propertyValue": "x"}]},
}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_the_connection_of_another_is_not_taken(name: str, connect: Connect, serve: Serve) -> None:
    """A connection that differs in one setting is another customer's, or another's consent."""
    book = LiveRamp()
    known = {"properties": PROPERTIES, "deviceTypes": ["PII", "WEB"], "integrationID": ["1002", "2002"]}
    dates = {"createdAt": "2026-11-01T00:00:00Z", "updatedAt": "2026-11-01T00:00:00Z"}
    book.has("connection", **known | CONNECTIONS[name] | dates, id="77")
    story = told(book, CONNECTION.served(connect, serve, book), 1)
    assert not story.result or story.result["id"] != "77"
    assert story.result
    assert book.posts["connection"] == 1


# --- two at once, and again ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def raced(connect_for_all: Connect, serve_for_all: Serve) -> dict[str, tuple[Book, list[Story]]]:
    """Two tasks that look and then both create, and after them two more, one after the other."""
    cases: dict[str, Any] = {}
    for name, kind in TOLD.items():
        book = kind.book(meeting=threading.Barrier(2))
        conn_id = connect_for_all(kind.service, serve_for_all(book).url)
        given = kind.credentials(connect_for_all, {})
        cases[name] = partial(race, book, [kind.task(conn_id, **given) for _ in range(4)])
    return {name: outcome.result() for name, outcome in all_at_once(cases).items()}


def race(book: Book, tasks: list[Task]) -> tuple[Book, list[Story]]:
    ended = all_at_once({number: partial(told, book, task, 2) for number, task in enumerate(tasks[:2])}, 2)
    book.meeting = None
    later = [told(book, task, 1) for task in tasks[2:]]
    return book, [*(outcome.result() for outcome in ended.values()), *later]


@pytest.mark.parametrize("kind", [*NAMED, "service"])
def test_two_that_create_at_once_hinder_no_later_run(
    kind: str, raced: dict[str, tuple[Book, list[Story]]]
) -> None:
    """Afterwards two equal things were a ``Conflict`` on every try for ever."""
    book, stories = raced[kind]
    assert [story.errors for story in stories] == [()] * 4
    first, second, *later = [TOLD[kind].number(story.result) for story in stories]
    assert len(set(later)) == 1
    assert later[0] in (first, second)
    assert book.posts[TOLD[kind].made] == 2


@pytest.mark.parametrize("kind", ["activity", "export"])
def test_two_that_create_at_once_have_each_its_own(
    kind: str, raced: dict[str, tuple[Book, list[Story]]]
) -> None:
    """Four runs, four activities."""
    book, stories = raced[kind]
    assert [story.errors for story in stories] == [()] * 4
    numbers = [TOLD[kind].number(story.result) for story in stories]
    assert len(set(numbers)) == 4
    assert book.posts[TOLD[kind].made] == 4


def again(task: Task, run_id: str) -> Task:
    task._run_id = run_id
    return task


@pytest.mark.parametrize("fate", ["made", "lost", "503", "202"])
@pytest.mark.parametrize("kind", ["activity", "export"])
def test_a_run_that_was_deleted_and_made_anew(kind: str, fate: str, connect: Connect, serve: Serve) -> None:
    """The run that was made anew under the same id took the old run's activity."""
    of_kind = TOLD[kind]
    book = of_kind.book({of_kind.made: ["made", fate]})
    conn_id = connect(of_kind.service, serve(book).url)
    old = again(of_kind.task(conn_id), f"scheduled__{kind}_{fate}").run()
    new = told(book, again(of_kind.task(conn_id), f"scheduled__{kind}_{fate}"), 2)
    assert new.result, new.errors
    assert of_kind.number(new.result) != of_kind.number(old)
    assert book.posts[of_kind.made] == 2


@pytest.mark.parametrize("kind", ["connection", "manager", "service", "source", "flow"])
def test_a_run_made_anew_takes_what_is_for_all(kind: str, connect: Connect, serve: Serve) -> None:
    book = TOLD[kind].book()
    conn_id = connect(TOLD[kind].service, serve(book).url)
    given = TOLD[kind].credentials(connect, {})
    results = [again(TOLD[kind].task(conn_id, **given), "manual__1").run() for _ in range(2)]
    assert results[0] == results[1]
    assert book.posts[TOLD[kind].made] == 1


# --- lists that change while they are read ---------------------------------------------------------


@pytest.mark.parametrize("kind", ["connection", "manager"])
def test_what_moves_between_pages_is_not_made_again(kind: str, connect: Connect, serve: Serve) -> None:
    """Somebody deleted a row of the first page, and what stood first on the second was missed."""
    book, task = full(kind, connect, serve)

    def delete() -> None:
        book.between_pages = None
        del book.rows[kind][0]

    book.between_pages = delete
    result = told(book, task, 1)
    assert result.result, result.errors
    assert book.posts[kind] == 0


@pytest.mark.parametrize("kind", ["connection", "manager", "config"])
def test_what_stands_on_two_pages_is_one(kind: str, connect: Connect, serve: Serve) -> None:
    """Somebody made a row, and the last of the first page was the first of the second as well."""
    book, task = full(kind, connect, serve, last=99)

    def insert() -> None:
        book.rows[kind].insert(0, book.rows[kind][1] | {"id": str(next(book.numbers))})

    book.between_pages = insert
    result = told(book, task, 1)
    assert result.result, result.errors
    assert book.posts[kind] == 0


def full(kind: str, connect: Connect, serve: Serve, last: int = 100) -> tuple[LiveRamp, Task]:
    """A service that has 110 of a kind, of which the one at this place is the task's."""
    book = LiveRamp()
    dates = {"createdAt": "2026-11-01T00:00:00Z", "updatedAt": "2026-11-01T00:00:00Z"}
    rows: dict[str, tuple[Kind, Callable[[int], Row]]] = {
        "connection": (
            CONNECTION,
            lambda number: {
                "properties": [{"propertyKey": "bucket", "propertyValue": f"b{number}"}],
                "deviceTypes": ["PII", "WEB"],
                "integrationID": ["1002", "2002"],
            },
        ),
        "manager": (
            MANAGER,
            lambda number: (
                {"name": f"m{number}", "status": "ACTIVE", "expireAt": None}
                | {"integrationConnectionID": "55"}
            ),
        ),
        "config": (
            DISTRIBUTION,
            lambda number: (
                {"segmentID": str(number), "segmentType": "ONBOARDING"} | {"distributionManagerID": "66"}
            ),
        ),
    }
    of_kind, row = rows[kind]
    for number in range(110):
        book.has(kind, **row(number) | dates)
    ours = {
        "connection": {"properties": PROPERTIES},
        "manager": {"name": MANAGER.arguments["name"]},
        "config": {"segmentID": "9001"},
    }
    book.rows[kind][last].update(ours[kind])
    if kind == "connection":
        name = CONNECTION.arguments["distribution_manager_name"]
        of = {"integrationConnectionID": book.rows[kind][last]["id"]}
        book.has("manager", name=name, status="ACTIVE", expireAt=None, **of, **dates)
    options = {"segments": ["9001"]} if kind == "config" else {}
    return book, of_kind.served(connect, serve, book, **options)
