"""Odd answers in the middle of a wait: one ends nothing, five in a row end it with a typed error."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import pytest

from adversary.conftest import Connect, Outcome, Serve, all_at_once, allowed, at_most
from adversary.server import Adversary, Answer, Request, answer, cut
from adversary.waiting import (
    ACOUSTIC,
    DATADDO,
    DELTA,
    LIVERAMP_SYNC,
    TOKENS,
    WAITS,
    Wait,
    creating,
    exporting,
    is_login,
    payload_of,
)
from airflow_provider_activation.errors import (
    ActivationError,
    AuthenticationFailed,
    NotFound,
    PermissionDenied,
    UncertainOutcome,
    UnreadableResponse,
)
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook

PAGE = "<html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"
HTML = {"Content-Type": "text/html; charset=utf-8"}
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

ODD: dict[str, Answer] = {
    "400": answer({"message": "try again"}, 400),
    "403": answer({"message": "not now"}, 403),
    "404": answer({"message": "no such thing"}, 404),
    "405": answer(PAGE, 405, HTML),
    "409": answer({}, 409),
    "410": answer("gone", 410, {"Content-Type": "text/plain"}),
    "422": answer([{"loc": ["x"]}], 422),
    "418": answer(b"", 418),
    "451": answer("\xa7", 451, {"Content-Type": "text/plain; charset=latin-1"}),
    "301 elsewhere": answer(b"", 301, {"Location": "https://other.example/"}),
    "302 to a log-in page": answer(PAGE, 302, HTML | {"Location": "/login"}),
    "307 to itself": answer(b"", 307, {"Location": ""}),
    "308": answer({"shareAction": "REPLACE"}, 308),
    "304": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "206": answer({"status": "COMPLETE"}, 206, {"Content-Range": "bytes 0-3/99"}),
    "501": answer({}, 501),
    "599": answer({}, 599),
    "999": answer({}, 999),
    "a page": answer(PAGE, 200, HTML),
    "a page that claims to be JSON": answer(PAGE),
    "half a body": cut(OK + b'Content-Length: 400\r\n\r\n{"id": "a1", "na'),
    "half a body of the right length": answer(b'{"id": "a1", "na'),
    "nothing": answer(b""),
    "no answer": cut(b""),
    "not HTTP": cut(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "false": answer(False),
    "null": answer(None),
    "a number": answer(7),
    "a text": answer(b'"RUNNING?"'),
    "an empty list": answer([]),
    "rows of nothing": answer([None, 3, "x", {}]),
    "an unknown charset": answer('{"a": "é"}', 200, {"Content-Type": "application/json; charset=klingon"}),
    "UTF-16": answer("{}".encode("utf-16"), 200, {"Content-Type": "text/json; charset=utf-16"}),
    "a charset that is no text": answer(PAGE, 500, {"Content-Type": "text/html; charset=base64"}),
    "broken UTF-8": answer(b'{"a": "\xff\xfe", "status": "\xc3"}'),
    "gzip that is none": answer(b"{}", 200, {"Content-Encoding": "gzip"}),
    "a bad chunk": cut(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "two lengths": cut(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "a negative length": cut(OK + b"Content-Length: -1\r\n\r\n{}"),
    "broken header": cut(b"HTTP/1.1 200 OK\r\n\x00\x01: \xff\r\n\r\n{}"),
}
NAMES = list(ODD)


@pytest.fixture(scope="module")
def once_odd(connect_for_all: Connect, serve_for_all: Serve) -> dict[Any, Outcome]:
    """Waits that meet each odd answer once, on a worker and in the trigger; the services take turns."""
    cases: dict[Any, Any] = {}
    for (name, odd), wait in zip(ODD.items(), itertools.cycle(WAITS.values()), strict=False):
        url = serve_for_all(wait.looks(wait.pending, odd, wait.pending, odd, wait.done)).url
        cases["worker", name] = partial(wait.run, connect_for_all(wait.service, url))
        url = serve_for_all(wait.looks(wait.pending, odd, wait.pending, odd, wait.done)).url
        cases["trigger", name] = partial(in_trigger, wait, connect_for_all(wait.service, url))
    return all_at_once(cases)


def in_trigger(wait: Wait, conn_id: str) -> Any:
    return payload_of(wait.trigger(conn_id))


@pytest.mark.parametrize("where", ["worker", "trigger"])
@pytest.mark.parametrize("name", NAMES)
def test_one_odd_answer_ends_no_wait(where: str, name: str, once_odd: dict[Any, Outcome]) -> None:
    """One 400, 403 or 404 in the middle of a wait ended the task for good."""
    result = once_odd[where, name].result()
    if where == "trigger":
        assert "error" not in result or not result["error"], result


FOR_EVER = ["400", "409", "422", "302 to a log-in page", "308", "501", "a page", "nothing", "a number"]
TIRED: dict[str, Answer] = {
    "500": answer(PAGE, 500, HTML),
    "502": answer(PAGE, 502, HTML),
    "503": answer(b"", 503),
    "504": answer({}, 504),
    "429": answer({}, 429),
    "a cut connection": cut(b""),
}


@pytest.fixture(scope="module")
def many_odd(connect_for_all: Connect, serve_for_all: Serve) -> dict[str, tuple[Outcome, Adversary]]:
    """Waits that meet nothing but odd answers after a while, or a service that is down for seven looks."""
    cases: dict[str, Any] = {}
    servers = {}
    for name, wait in zip(FOR_EVER, itertools.cycle(WAITS.values()), strict=False):
        servers[name] = serve_for_all(wait.looks(wait.pending, ODD[name]))
        cases[name] = partial(wait.run, connect_for_all(wait.service, servers[name].url), timeout=20)
    for (name, down), wait in zip(TIRED.items(), itertools.cycle(WAITS.values()), strict=False):
        said = wait.looks(wait.pending, *[down] * 4, wait.pending, *[down] * 3, wait.done)
        servers[name] = serve_for_all(said)
        cases[name] = partial(wait.run, connect_for_all(wait.service, servers[name].url), timeout=20)
    return {name: (outcome, servers[name]) for name, outcome in all_at_once(cases).items()}


@pytest.mark.parametrize("name", FOR_EVER)
def test_five_odd_answers_in_a_row_end_a_wait(
    name: str, many_odd: dict[str, tuple[Outcome, Adversary]]
) -> None:
    """A wait on what the service no longer knew went on for a week."""
    outcome, server = many_odd[name]
    assert isinstance(outcome.error, ActivationError)
    looks = len([request for request in server.asked if not is_login(request)])
    assert 6 <= looks <= 7
    # one pause after each, which does not grow
    assert outcome.seconds <= allowed(3)


@pytest.mark.parametrize("name", TIRED)
def test_a_service_that_is_down_is_waited_for(
    name: str, many_odd: dict[str, tuple[Outcome, Adversary]]
) -> None:
    """Seven answers of a service that is down, and then the end of the job."""
    assert many_odd[name][0].result()


def test_a_refused_connection_is_waited_for_to_the_deadline(connect: Connect, serve: Serve) -> None:
    """Nothing listened any more; the wait ends at its deadline, as what it is."""
    server = serve(b"")
    server.close()
    with at_most(1.5 + 5), pytest.raises(Exception, match=r"(?i)time"):
        DELTA.run(connect("delta_projects", server.url), timeout=1)


@pytest.mark.parametrize("name", ["acoustic", "delta", "dataddo", "liveramp"])
@pytest.mark.parametrize("status", [401, 403])
def test_credentials_that_are_not_taken_end_a_wait_at_once(
    status: int, name: str, connect: Connect, serve: Serve
) -> None:
    """A revoked key was asked with ten times."""
    wait = WAITS[name]
    server = serve(wait.looks(wait.pending, answer({"message": "who are you"}, status)))
    with at_most(2), pytest.raises((AuthenticationFailed, PermissionDenied)):
        wait.run(connect(wait.service, server.url))
    # the first look; then, with the token and with a new one, as the connection was and as it is read anew
    assert len([request for request in server.asked if not is_login(request)]) <= 5


def test_a_token_that_expires_in_a_wait(connect: Connect, serve: Serve) -> None:
    """401 with a token that was good a moment ago: the log-in is made anew, and the wait goes on."""
    tokens = itertools.count(1)

    def handle(request: Request) -> Answer:
        if is_login(request):
            return answer({"access_token": f"token-number-{next(tokens)}", "expires_in": 3600})
        if request.headers["authorization"].endswith("-1"):
            first = not any("status" in asked.path for asked in server.asked[:-1])
            return answer(dict(DATADDO.pending)) if first else answer({}, 401)
        return answer(dict(DATADDO.done))

    server = serve(handle)
    with at_most(3):
        assert DATADDO.run(connect("dataddo", server.url))["status"] == "live"


class Delta:
    """Makes one activity, which is not found for some looks by its id."""

    def __init__(self, *unseen: Answer) -> None:
        self.unseen = list(unseen)
        self.made: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> Answer:
        if request.method == "POST":
            sent = request.json
            kept = {key: sent[key] for key in ("flightStart", "flightStop", "budget", "enabled")}
            self.made.append({"id": f"new{len(self.made)}", "name": sent["activityName"]} | kept)
            return answer(b"", 201, {"Location": f"/api/v1/activity/{self.made[-1]['id']}"})
        if request.path.endswith("/activity"):
            return answer([{"id": row["id"], "name": row["name"]} for row in self.made])
        return self.unseen.pop() if self.unseen else answer(self.made[0])


UNSEEN: dict[str, list[Answer]] = {
    "404": [ODD["404"]],
    "410": [ODD["410"]],
    "404 three times": [ODD["404"]] * 3,
    "400": [ODD["400"]],
    "503": [TIRED["503"]],
    "nothing": [ODD["nothing"]],
}


@pytest.fixture(scope="module")
def just_made(connect_for_all: Connect, serve_for_all: Serve) -> dict[str, tuple[Outcome, Delta]]:
    cases: dict[str, Any] = {}
    services = {}
    for name, unseen in UNSEEN.items():
        services[name] = Delta(*unseen)
        cases[name] = creating(connect_for_all("delta_projects", serve_for_all(services[name]).url)).run
    return {name: (outcome, services[name]) for name, outcome in all_at_once(cases).items()}


@pytest.mark.parametrize("name", UNSEEN)
def test_what_was_just_made_is_not_found_yet(name: str, just_made: dict[str, tuple[Outcome, Delta]]) -> None:
    """An activity was readable by its id a second late: ``NotFound``, no retry, although just made."""
    outcome, service = just_made[name]
    assert outcome.result()["id"] == "new0"
    assert len(service.made) == 1


def test_a_job_that_is_not_found_yet(connect: Connect, serve: Serve) -> None:
    """A new export job was listed and readable a second late."""
    late = itertools.count()

    def handle(request: Request) -> Answer:
        if request.method == "POST":
            return answer({"jobId": 700})
        if ACOUSTIC.is_list(request):
            return answer([])
        return answer({}, 404) if next(late) < 2 else answer(dict(ACOUSTIC.done))

    server = serve(handle)
    conn_id = connect("acoustic_exchange", server.url)
    task = exporting(conn_id, poll_interval=0.1)
    with at_most(9):
        assert task.run()["status"] == "COMPLETE"
    assert len(server.asked_for("POST")) == 1


def test_not_found_is_not_found_where_nothing_was_made(connect: Connect, serve: Serve) -> None:
    """A call of a hook says so at once."""
    hook = DeltaProjectsHook(connect("delta_projects", serve(answer({}, 404)).url, max_retries=4))
    with at_most(1), pytest.raises(NotFound):
        hook.get_activity("a1")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("304", "206")])
def test_every_odd_answer_of_a_call_is_a_typed_error(name: str, connect: Connect, serve: Serve) -> None:
    """Odd charsets of error pages raised ``LookupError``, and others ``UnicodeDecodeError``."""
    hook = DeltaProjectsHook(connect("delta_projects", serve(lambda _: ODD[name]).url))
    with at_most(2), pytest.raises(ActivationError):
        hook.get_activity("a1")


TOKENS_THAT_ARE_NONE = ["t\u00f6ken-of-8", "line\nbreak", "\x00null", "", None, {"a": 1}, "\U0001f600" * 4]


@pytest.mark.parametrize("token", TOKENS_THAT_ARE_NONE)
def test_a_token_that_is_no_header(token: Any, connect: Connect, serve: Serve) -> None:
    """A token that was not ASCII raised a raw ``UnicodeEncodeError``."""
    given = answer({"access_token": token, "expires_in": 60})
    server = serve(lambda request: given if is_login(request) else answer([]))
    hook = DataddoHook(connect("dataddo", server.url))
    with at_most(1), pytest.raises(ActivationError):
        hook.create_service("snapchat_static", {"clientId": "x"})
    assert server.asked_for("POST", "/services") == []


ODDLY_MADE = ["an unknown charset", "a page", "nothing", "half a body", "301 elsewhere", "two lengths"]


@pytest.mark.parametrize("name", ODDLY_MADE)
def test_an_odd_answer_to_a_creation_is_uncertain(name: str, connect: Connect, serve: Serve) -> None:
    """The error page of a gateway had an odd charset, and the raw exception hid that a service may exist."""
    server = serve(lambda request: TOKENS if is_login(request) else ODD[name])
    hook = DataddoHook(connect("dataddo", server.url, max_retries=4))
    with at_most(1), pytest.raises(UncertainOutcome):
        hook.create_service("snapchat_static", {"clientId": "x"})
    assert len(server.asked_for("POST", "/services")) == 1


def test_a_taxonomy_without_a_status_is_not_yet(connect: Connect, serve: Serve) -> None:
    """``taxonomySyncStatus`` may be absent: one such segment failed every wait on its list."""
    bare = {"segmentID": "9001", "segmentType": "ONBOARDING", "taxonomy": {}}
    server = serve(LIVERAMP_SYNC.looks(bare, {"segmentID": "9001"}, LIVERAMP_SYNC.done))
    with at_most(3):
        assert LIVERAMP_SYNC.run(connect("liveramp", server.url))


def test_a_redirect_is_not_followed(connect: Connect, serve: Serve) -> None:
    """A gateway redirected to another host, and the key would have gone there."""
    elsewhere = serve(answer(dict(DELTA.done)))
    server = serve(answer(b"", 307, {"Location": f"{elsewhere.url}/x"}))
    with pytest.raises(UnreadableResponse):
        DeltaProjectsHook(connect("delta_projects", server.url)).get_activity("a1")
    assert elsewhere.asked == []
