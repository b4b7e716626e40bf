"""Services that echo secrets and send what cannot be stored: neither leaves the process as it came."""

from __future__ import annotations

import base64
import copy
import html
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec
import pytest
from task_running import Task

from adversary.conftest import OF_SERVICE, Connect, Serve
from adversary.server import Answer, Request, answer
from adversary.test_adversary_polls import Delta
from adversary.waiting import (
    ACOUSTIC,
    DATADDO,
    DELTA,
    LIVERAMP,
    TOKEN,
    TOKENS,
    WAITS,
    creating,
    is_login,
    payload_of,
)
from airflow_provider_activation.errors import ActivationError, JobFailed
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.operators.dataddo import DataddoCreateServiceOperator

KEY = 'Zq/9x+w=K7&<\u00e9>"lo'
LOGIN = "me@shop.example"


def lowered(quoted: str) -> str:
    parts = quoted.split("%")
    return parts[0] + "".join("%" + part[:2].lower() + part[2:] for part in parts[1:])


def unicode_escapes(text: str, upper: bool = False) -> str:
    code = "%04X" if upper else "%04x"
    return "".join(char if char.isalnum() and char.isascii() else "\\u" + code % ord(char) for char in text)


def entities(text: str, form: str) -> str:
    return "".join(char if char.isalnum() and char.isascii() else form.format(ord(char)) for char in text)


def based(text: str, urlsafe: bool = False) -> str:
    raw = text.encode()
    return (base64.urlsafe_b64encode(raw) if urlsafe else base64.b64encode(raw)).decode()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "JSON": lambda key: json.dumps(key)[1:-1],
    "JSON with letters": lambda key: json.dumps(key, ensure_ascii=False)[1:-1],
    "JSON with slashes escaped": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "JSON of careful servers": unicode_escapes,
    "JSON in upper case": lambda key: unicode_escapes(key, upper=True),
    "JSON in JSON": lambda key: json.dumps(json.dumps(key))[1:-1],
    "URL": lambda key: quote(key, safe=""),
    "URL with slashes": lambda key: quote(key),
    "URL in lower case": lambda key: lowered(quote(key, safe="")),
    "form": quote_plus,
    "encodeURIComponent": lambda key: quote(key, safe="!'()*~"),
    "URL twice": lambda key: quote(quote(key, safe=""), safe=""),
    "URL of latin-1": lambda key: quote(key.encode("latin-1"), safe=""),
    "URL in JSON": lambda key: quote(key, safe="").replace("%", "\\u0025"),
    "HTML": html.escape,
    "HTML in numbers": lambda key: entities(key, "&#{};"),
    "HTML in hexadecimal": lambda key: entities(key, "&#x{:x};"),
    "HTML in upper hexadecimal": lambda key: entities(key, "&#X{:X};"),
    "HTML with names": lambda key: html.escape(key).replace("\u00e9", "&eacute;"),
    "base64": based,
    "base64 for URLs": lambda key: based(key, urlsafe=True),
    "base64 without padding": lambda key: based(key).rstrip("="),
    "base64 as a user": lambda key: based(f"{key}:"),
    "base64 without a user": lambda key: based(f":{key}"),
    "UTF-8 read as latin-1": lambda key: key.encode().decode("latin-1"),
    "between others": lambda key: f"https://x.example/?apikey={key}&fetch=all",
}


def texts(value: Any) -> Iterator[str]:
    """All texts in a plain value, the names of fields among them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(key)
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def everything(error: BaseException) -> list[str]:
    """Whatever may be shown or stored of an error."""
    said = [str(error), repr(error), str(error.args), *texts(error.args)]
    if isinstance(error, ActivationError):
        said += [*texts(json.loads(json.dumps(error.as_json()))), str(error.body)]
    said.append(pickle.dumps(error).decode("latin-1"))
    return said


def caught(call: Callable[[], Any]) -> BaseException:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("no error was raised")


def has(spelled: str, said: list[str]) -> list[str]:
    return [text[:300] for text in said if spelled in text or KEY in text]


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("status", [400, 200])
def test_an_error_page_that_echoes_the_key(status: int, name: str, connect: Connect, serve: Serve) -> None:
    """Error pages hold the address that was asked for, and with it the key, as HTML, JSON or URL."""
    spelled = SPELLINGS[name](KEY)
    server = serve(answer(f'{{"message": "bad request: {spelled} here'.encode(), status))
    hook = DeltaProjectsHook(connect("delta_projects", server.url, secret=KEY))
    assert not has(spelled, everything(caught(partial(hook.get_activity, "a1"))))


ECHOES = {name: spelling(KEY) for name, spelling in SPELLINGS.items()}
ECHO = {
    "self": "/api/v1/activity/a1?apikey=" + quote(KEY, safe=""),
    "echoes": ECHOES,
    "list": [[spelled] for spelled in ECHOES.values()],
    "keys": {f"?{spelled}": True for spelled in ECHOES.values()},
    "description": " ".join(ECHOES.values()),
}


@pytest.fixture(scope="module")
def left(connect_for_all: Connect, serve_for_all: Serve) -> dict[str, list[str]]:
    """What leaves the process, by the way it leaves, when each answer echoes the key."""
    out: dict[str, list[str]] = {}
    pending, done = {**DELTA.pending, **ECHO}, {**DELTA.done, **ECHO}
    conn_id = connect_for_all("delta_projects", serve_for_all(DELTA.looks(pending, done)).url, secret=KEY)
    out["result of a sensor"] = list(texts(DELTA.run(conn_id)))
    server = serve_for_all(DELTA.looks(pending, done))
    conn_id = connect_for_all("delta_projects", server.url, secret=KEY)
    out["event of a trigger"] = list(texts(payload_of(DELTA.trigger(conn_id))))

    service = Delta()

    def echoing(request: Request) -> Answer:
        said = service(request)
        if request.method == "GET" and service.made:
            row = {**service.made[0], **ECHO}
            return answer([row] if request.path.endswith("/activity") else row)
        return said

    task = creating(connect_for_all("delta_projects", serve_for_all(echoing).url, secret=KEY))
    out["result of an operator"] = list(texts(task.run()))
    assert task.ti is not None
    out["XComs of an operator"] = list(texts(task.ti.xcoms))
    out["notes of an operator"] = list(texts(dict(task.store or {})))

    plain = KEY.replace("\u00e9", "e")
    failed = {**ACOUSTIC.done, "status": "FAILED", "errorDetails": f"key {plain} / {quote(plain, safe='')}"}
    server = serve_for_all(ACOUSTIC.looks(ACOUSTIC.pending, failed))
    conn_id = connect_for_all("acoustic_exchange", server.url, secret=plain)
    out["error of a failed job"] = everything(caught(partial(ACOUSTIC.run, conn_id)))
    server = serve_for_all(ACOUSTIC.looks(ACOUSTIC.pending, failed))
    conn_id = connect_for_all("acoustic_exchange", server.url, secret=plain)
    out["event of a failed job"] = list(texts(payload_of(ACOUSTIC.trigger(conn_id))))
    return out


@pytest.mark.parametrize(
    "way",
    [
        "result of a sensor",
        "event of a trigger",
        "result of an operator",
        "XComs of an operator",
        "notes of an operator",
    ],
)
@pytest.mark.parametrize("name", SPELLINGS)
def test_an_answer_that_echoes_the_key(name: str, way: str, left: dict[str, list[str]]) -> None:
    """An activity whose ``self`` link held ``?apikey=...`` put the key into XComs and rendered fields."""
    assert left[way]
    assert not has(ECHOES[name], left[way])


@pytest.mark.parametrize("way", ["error of a failed job", "event of a failed job"])
def test_a_failed_job_that_tells_the_key(way: str, left: dict[str, list[str]]) -> None:
    """``errorDetails`` of a failed job went into the event, the database and the log."""
    plain = KEY.replace("\u00e9", "e")
    shown = [text for text in left[way] if plain in text or quote(plain, safe="") in text]
    assert not shown


def test_ids_and_short_words_are_left_as_they_are(connect: Connect, serve: Serve) -> None:
    """A secret of five letters blanked out parts of words and of ids in results."""
    done = {**DELTA.done, "name": "autumn sales", "note": "tum"}
    server = serve(DELTA.looks(done))
    assert DELTA.run(connect("delta_projects", server.url, secret="autum"))["name"] == "autumn sales"


@pytest.mark.parametrize("service", ["dataddo", "liveramp"])
def test_login_and_password_in_one(service: str, connect: Connect, serve: Serve) -> None:
    """A proxy's error page held the header of basic authentication, which is base64 of both."""
    both = based(f"{OF_SERVICE[service]['login']}:{KEY}")
    page = answer(f"Authorization: Basic {both}", 400)
    hook = HOOKS[service](connect(service, serve(page).url, secret=KEY))
    assert not has(both, everything(used_and_failed(hook)))


@pytest.mark.parametrize("service", ["dataddo", "liveramp"])
def test_a_token_that_was_fetched_is_a_secret_too(service: str, connect: Connect, serve: Serve) -> None:
    """A gateway put the request's headers on its error page, with the bearer token."""
    page = answer(f"Authorization: Bearer {TOKEN}; {based(TOKEN)}; refresh=r-{TOKEN}", 400)
    wait = WAITS[service]
    conn_id = connect(service, serve(lambda request: TOKENS if is_login(request) else page).url)
    hook = DataddoHook(conn_id) if service == "dataddo" else LiveRampHook(conn_id)
    error = caught(partial(hook.send, hook.test_call()))
    assert not [text for text in everything(error) if TOKEN in text or based(TOKEN) in text]
    done = {**wait.done, "description": f"asked with {TOKEN}", "note": [TOKEN]}
    conn_id = connect(service, serve(wait.looks(done)).url)
    assert not [text for text in texts(wait.run(conn_id)) if TOKEN in text]


def test_credentials_of_a_third_party_are_secrets_too(connect: Connect, serve: Serve) -> None:
    """The service that stores a third party's credentials told them back."""
    third = "third-party/secret+1"

    def handle(request: Request) -> Answer:
        if is_login(request):
            return TOKENS
        row = {"id": 1000, "service": "snapchat_static", "label": f"for {third}", "config": {third: third}}
        return answer(row if request.method == "POST" or "/services/" in request.path else [])

    server = serve(handle)
    conn_id = connect("dataddo", server.url)
    credentials = connect("dataddo", "https://snap.example", secret=third, refresh_token="refresh-" + third)
    task = Task(
        lambda: DataddoCreateServiceOperator(
            task_id="service",
            service="snapchat_static",
            credentials_conn_id=credentials,
            dataddo_conn_id=conn_id,
        )
    )
    try:
        said = list(texts(task.run()))
    except Exception as error:
        said = everything(error)
    said += list(texts(dict(task.store or {})))
    assert not [text for text in said if third in text]


HOOKS: dict[str, Any] = {
    "acoustic_exchange": AcousticExchangeHook,
    "dataddo": DataddoHook,
    "delta_projects": DeltaProjectsHook,
    "liveramp": LiveRampHook,
}


def used_and_failed(hook: Any) -> BaseException:
    return caught(partial(hook.send, hook.test_call()))


@pytest.mark.parametrize("service", HOOKS)
@pytest.mark.parametrize("status", [400, 401, 500])
def test_no_local_of_a_traceback_shows_a_secret(
    status: int, service: str, connect: Connect, serve: Serve
) -> None:
    """Error reporters store the locals of each frame; one of ours showed the password."""
    said = answer({"message": "no"}, status)
    server = serve(lambda request: TOKENS if is_login(request) and status != 401 else said)
    secret = "Plain-secret-of-9/+="
    hook = HOOKS[service](connect(service, server.url, secret=secret))
    error = used_and_failed(hook)
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    for spelled in (secret, quote(secret, safe=""), quote_plus(secret), based(f"{LOGIN}:{secret}"), TOKEN):
        assert spelled not in shown


@pytest.mark.parametrize("service", HOOKS)
def test_no_local_shows_the_secret_of_a_broken_connection(service: str, connect: Connect) -> None:
    """The connection itself was refused, and its values stood in the locals of the refusal."""
    secret = "Plain-secret-of-9/+="
    hook = HOOKS[service](connect(service, "http://gateway.example", secret=secret, nonsense=True))
    error = used_and_failed(hook)
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert secret not in shown


@pytest.mark.parametrize("service", HOOKS)
def test_no_repr_and_no_state_holds_a_secret(service: str, connect: Connect, serve: Serve) -> None:
    """A hook that was used and then pickled, copied or printed took the password along."""
    server = serve(lambda request: TOKENS if is_login(request) else answer({}, 400))
    secret = "Plain-secret-of-9"
    hook = HOOKS[service](connect(service, server.url, secret=secret))
    used_and_failed(hook)
    shown = [repr(hook), str(vars(hook)), repr(hook.get_conn()), repr(hook.test_call())]
    shown += [repr(copy.deepcopy(hook)), pickle.dumps(hook).decode("latin-1")]
    assert not [text for text in shown if secret in text or TOKEN in text]


@pytest.mark.parametrize("service", HOOKS)
def test_no_log_shows_a_secret(
    service: str, connect: Connect, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG the libraries below log addresses and headers, among them what the service echoes."""
    secret = "Plain-secret-of-9"
    told = {"Location": f"/x?apikey={secret}", "X-Echo": f"Bearer {TOKEN}", "Set-Cookie": f"k={secret}"}
    server = serve(lambda request: TOKENS if is_login(request) else answer({"message": secret}, 400, told))
    hook = HOOKS[service](connect(service, server.url, secret=secret))
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "httpx"):
        used_and_failed(hook)
    shown = [record.getMessage() for record in caplog.records]
    # only a service that logs in has a token that can be known
    held = [secret, *([TOKEN] if any(map(is_login, server.asked)) else [])]
    assert not [text for text in shown if any(one in text for one in held)]


UNFIT: dict[str, bytes] = {
    "a number of thirty digits": b"1" * 30,
    "a negative number of thirty digits": b"-" + b"9" * 30,
    "2**64": b"18446744073709551616",
    "-2**63 - 1": b"-9223372036854775809",
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "1e400": b"1e400",
    "half a character": b'"\\ud83d"',
    "the other half": b'"a\\udc00b"',
    "halves in the wrong order": b'["\\udc00\\ud83d"]',
    "half a character as a name": b'{"\\ud800": 1}',
    "NUL": b'"a\\u0000b"',
    "NUL as a name": b'{"a\\u0000": 1}',
    "two equal names": b'{"a": 1, "a": 2}',
    "deep": b"[" * 150 + b"]" * 150,
    "thirty digits in a list": b"[[" + b"1" * 30 + b"]]",
}


@pytest.mark.parametrize("name", UNFIT)
def test_an_answer_that_cannot_be_stored(name: str, connect: Connect, serve: Serve) -> None:
    """A number of 30 digits in a field that no model names ended the triggerer with all its waits."""
    said = b'{"id": "a1", "name": "n", "reach": %s, "enabled": %s}'
    looks = (answer(said % (UNFIT[name], b"false")), answer(said % (UNFIT[name], b"true")))
    results = []
    for where in ("worker", "trigger"):
        conn_id = connect("delta_projects", serve(DELTA.looks(*looks)).url)
        results.append(DELTA.run(conn_id) if where == "worker" else payload_of(DELTA.trigger(conn_id)))
    for result in results:
        msgspec.msgpack.encode(result)
        json.dumps(result, allow_nan=False, ensure_ascii=False).encode()
    # as a database takes it: PostgreSQL has no NUL in its JSON
    assert "\\u0000" not in json.dumps(results)


@pytest.mark.parametrize("number", [9007199254740993, 10**18 + 1])
def test_numbers_that_pages_would_round_are_texts(number: int, connect: Connect, serve: Serve) -> None:
    """Airflow's pages showed ...992 instead of ...993."""
    row = {**ACOUSTIC.done, "producerSegmentID": number, "unknown": {"accountId": 5, "count": number}}
    done = ACOUSTIC.run(connect("acoustic_exchange", serve(ACOUSTIC.looks(row)).url))
    assert (done["jobId"], done["producerSegmentID"]) == ("700", str(number))
    assert done["unknown"] == {"accountId": "5", "count": str(number)}


CONTROL = "a\x1b[31mred\x1b]0;title\x07\x00\rover\nFORGED 2026 INFO all is well\x9b2J\u2028\x85\x7f\b"
FORBIDDEN = ["\x1b", "\x07", "\x00", "\r", "\nFORGED", "\x9b", "\u2028", "\x85", "\x7f", "\b"]


@pytest.mark.parametrize("where", ["job", "job in a trigger", "page", "row", "delivery"])
def test_control_characters_in_a_message(
    where: str, connect: Connect, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """``JobFailed`` carried raw line ends and ANSI codes into the log."""
    failed = {**ACOUSTIC.done, "status": "FAILED", "errorDetails": CONTROL}
    if where == "page":
        conn_id = connect("delta_projects", serve(answer(CONTROL, 400)).url)
        said = str(caught(partial(DeltaProjectsHook(conn_id).get_activity, "a1")))
    elif where == "row":
        unknown = {**ACOUSTIC.pending, "status": CONTROL}
        conn_id = connect("acoustic_exchange", serve(ACOUSTIC.looks(unknown, failed)).url)
        said = str(caught(partial(ACOUSTIC.run, conn_id)))
    elif where == "delivery":
        row = {**LIVERAMP.done, "status": "FAILED", "id": CONTROL, "deviceType": CONTROL}
        said = str(caught(partial(LIVERAMP.run, connect("liveramp", serve(LIVERAMP.looks(row)).url))))
    else:
        conn_id = connect("acoustic_exchange", serve(ACOUSTIC.looks(ACOUSTIC.pending, failed)).url)
        if where == "job":
            error = caught(partial(ACOUSTIC.run, conn_id))
            assert isinstance(error, JobFailed)
            said = str(error)
        else:
            said = payload_of(ACOUSTIC.trigger(conn_id))["error"]["message"]
    said += "".join(record.getMessage() for record in caplog.records)
    assert [char for char in FORBIDDEN if char in said] == []


def test_the_forms_of_all_services_are_known() -> None:
    """The tables above name each service."""
    assert set(HOOKS) == set(OF_SERVICE)
    assert {wait.service for wait in WAITS.values()} == set(HOOKS)
    assert DATADDO.service == "dataddo"
