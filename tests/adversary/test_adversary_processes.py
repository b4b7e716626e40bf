"""Forks, event loops, files, cookies and proxies: what belongs to one process, loop or job stays there."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseHook

from adversary.conftest import Connect, Serve, at_most
from adversary.server import Adversary, Answer, Request, answer, cut
from adversary.test_adversary_time import creation
from adversary.waiting import DELTA, JOB, TOKENS, is_login, payload_of
from airflow_provider_activation.api import delta_projects as api
from airflow_provider_activation.errors import ActivationError, InvalidConnection, UncertainOutcome
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from scripts.machine_speed import scaled


def echo(request: Request) -> Answer:
    """Each activity is called what it was asked for, a moment later."""
    if is_login(request):
        return TOKENS
    time.sleep(0.002)
    return answer({"id": request.path.rpartition("/")[2], "name": "n", "status": "live"})


def in_a_child(work: Callable[[], Any], seconds: float = 10) -> Any:
    """What the work returns or raises in a fork of this process; None if it does not end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            said = json.dumps({"value": work()})
        except BaseException as error:
            said = json.dumps({"error": repr(error)[:300]})
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    deadline = time.monotonic() + scaled(seconds)
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG)[0]:
            break
        time.sleep(0.01)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        return json.loads(pipe.read() or b"null")


def asks(hook: DeltaProjectsHook, name: str, times: int = 20) -> int:
    """How many of the calls got another's answer."""
    return sum(hook.get_activity(f"{name}-{number}").id != f"{name}-{number}" for number in range(times))


def test_a_hook_that_was_used_before_a_fork(connect: Connect, serve: Serve) -> None:
    """89 of 400 calls in forked children got somebody else's answer, with no error."""
    hook = DeltaProjectsHook(connect("delta_projects", serve(echo).url))
    hook.get_activity("before")
    with ThreadPoolExecutor(4) as pool:
        children = [pool.submit(in_a_child, partial(asks, hook, f"child{number}")) for number in range(4)]
        parent = asks(hook, "parent", 60)
    assert [child.result() for child in children] == [{"value": 0}] * 4
    assert parent == 0


def test_another_hook_for_the_same_connection_in_a_child(connect: Connect, serve: Serve) -> None:
    """The child made a hook of its own, and got the parent's client out of a cache."""
    conn_id = connect("delta_projects", serve(echo).url)
    DeltaProjectsHook(conn_id).get_activity("before")
    said = in_a_child(lambda: asks(DeltaProjectsHook(conn_id), "child"))
    assert said == {"value": 0}


def test_a_loop_that_was_used_before_a_fork(connect: Connect, serve: Serve) -> None:
    """The clients of event loops were kept as well."""
    hook = DeltaProjectsHook(connect("delta_projects", serve(echo).url))

    def ask(name: str) -> str:
        call = api.get_activity(name, media_agency_id="1", client_id="2")
        return asyncio.run(hook.asend(call)).id

    assert ask("before") == "before"
    assert in_a_child(lambda: [ask(f"c{number}") for number in range(3)]) == {"value": ["c0", "c1", "c2"]}
    assert ask("after") == "after"


@pytest.mark.parametrize("service", ["dataddo", "liveramp"])
def test_a_fork_while_a_log_in_is_under_way(service: str, connect: Connect, serve: Serve) -> None:
    """The lock of the token was held by another thread at the fork, and the child waited for ever."""
    began, go_on = threading.Event(), threading.Event()

    def slow_login(request: Request) -> Answer:
        if is_login(request):
            began.set()
            go_on.wait(20)
            return TOKENS
        return answer([] if service == "dataddo" else {"v2/Destinations": [], "_pagination": {"after": None}})

    conn_id = connect(service, serve(slow_login).url)
    hook: Any = DataddoHook(conn_id) if service == "dataddo" else LiveRampHook(conn_id)
    ask = hook.list_flows if service == "dataddo" else hook.list_destinations
    with ThreadPoolExecutor(2) as pool:
        parent = pool.submit(ask)
        assert began.wait(10)
        threading.Timer(0.3, go_on.set).start()
        said = in_a_child(ask)
        assert parent.result() == []
    assert said == {"value": []}


def test_forks_while_transports_are_made(
    connect: Connect, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock around the transports of the process was held at the fork."""
    server = serve(echo)
    conn_ids = [connect("delta_projects", server.url) for _ in range(16)]
    # what is imported at the first use is locked by Python, for ever if it forks meanwhile
    DeltaProjectsHook(conn_ids[0]).get_conn()
    # Airflow 3.1 warns of the type of each connection, by structlog, whose lock a fork leaves held
    kind = type(BaseHook.get_connection(conn_ids[0]))
    monkeypatch.setattr(kind, "log", logging.getLogger("unheard"), raising=False)
    stop = threading.Event()

    def make() -> None:
        for conn_id in conn_ids:
            if stop.is_set():
                return
            DeltaProjectsHook(conn_id).get_conn()

    makers = [threading.Thread(target=make) for _ in range(2)]
    for maker in makers:
        maker.start()
    fresh = [connect("delta_projects", server.url) for _ in range(4)]
    said = [in_a_child(partial(asks, DeltaProjectsHook(conn_id), "c", 2)) for conn_id in fresh]
    stop.set()
    for maker in makers:
        maker.join()
    assert said == [{"value": 0}] * 4


def test_a_fork_of_a_fork(connect: Connect, serve: Serve) -> None:
    """A worker forked, and its child forked again for each task."""
    hook = DeltaProjectsHook(connect("delta_projects", serve(echo).url))
    hook.get_activity("before")

    def child() -> Any:
        hook.get_activity("child")
        return in_a_child(partial(asks, hook, "grandchild"))

    assert in_a_child(child) == {"value": {"value": 0}}


def descriptors() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def loops_with_calls(hook: DeltaProjectsHook) -> None:
    asyncio.run(hook.asend(hook.test_call()))


def loops_that_are_cancelled(hook: DeltaProjectsHook) -> None:
    async def cancelled() -> None:
        task = asyncio.create_task(hook.asend(hook.test_call()))
        await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancelled())


def loops_that_are_never_closed(hook: DeltaProjectsHook) -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(hook.asend(hook.test_call()))
    loop.close()


@pytest.mark.parametrize("use", [loops_with_calls, loops_that_are_cancelled, loops_that_are_never_closed])
def test_event_loops_that_come_and_go(use: Any, connect: Connect, serve: Serve) -> None:
    """Each event loop left a socket and a client behind, until there were too many open files."""
    server = serve(answer([]))
    hook = DeltaProjectsHook(connect("delta_projects", server.url))
    use(hook)
    before = descriptors()
    for _ in range(5):
        use(hook)
    asyncio.run(hook.asend(hook.test_call()))
    time.sleep(0.05)
    assert descriptors() - before <= 3


def test_triggers_of_many_loops(connect: Connect, serve: Serve) -> None:
    """A wait's trigger that ended with its loop left its connection open."""
    conn_id = connect("delta_projects", serve(DELTA.looks(DELTA.pending)).url)
    triggers = [DELTA.trigger(conn_id, timeout=0.15) for _ in range(6)]
    payload_of(triggers.pop())
    before = descriptors()
    for trigger in triggers:
        payload_of(trigger)
    assert descriptors() - before <= 3


def files_of_jobs(contents: dict[str, bytes], late: float = 0.05) -> Callable[[Request], Answer]:
    """Each job has a file of the same name with content of its own, which comes in two parts."""

    def handle(request: Request) -> Answer:
        if "segmentDataFiles" not in request.path:
            return answer({**JOB, "status": "READY_FOR_DOWNLOAD"})
        content = contents[request.path.split("/")[3]]

        def in_parts(wire: Any) -> None:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {len(content)}\r\n\r\n"
            wire.send(head.encode() + content[:100])
            wire.pause(late)
            wire.send(content[100:])

        return in_parts

    return handle


def test_two_downloads_of_one_name_at_once(connect: Connect, serve: Serve, tmp_path: Path) -> None:
    """Two downloads shared ``.name.partial``: the green task's file held the other job's data (8 of 8)."""
    contents = {str(job): f"job{job};".encode() * 5000 for job in range(1, 7)}
    hook = AcousticExchangeHook(connect("acoustic_exchange", serve(files_of_jobs(contents)).url))
    target = tmp_path / "people.csv"
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda job: hook.download_segment_data(int(job), "people.csv", target), contents))
    assert target.read_bytes() in contents.values()
    assert [path.name for path in tmp_path.iterdir()] == ["people.csv"]


def planted(tmp_path: Path, name: str) -> Path:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / name).symlink_to(victim)
    return victim


@pytest.mark.parametrize(
    "name", [".people.csv.partial", "people.csv.partial", ".people.csv.tmp", "people.csv"]
)
def test_a_symlink_that_was_planted(name: str, connect: Connect, serve: Serve, tmp_path: Path) -> None:
    """A symlink planted as ``.name.partial`` was followed, and what it named was overwritten."""
    victim = planted(tmp_path, name)
    hook = AcousticExchangeHook(connect("acoustic_exchange", serve(files_of_jobs({"1": b"a;b\n" * 99})).url))
    hook.download_segment_data(1, "people.csv", tmp_path / "in" / "people.csv")
    assert victim.read_text() == "precious"


NO_FILES: dict[str, Answer] = {
    "half a file": cut(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\nContent-Type: text/csv\r\n\r\na;b\n"),
    "202": answer(b"a;b", 202, {"Content-Type": "text/csv"}),
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "206": answer(b"a;b", 206, {"Content-Type": "text/csv", "Content-Range": "bytes 0-2/9"}),
    "false": answer(False),
    "a JSON error": answer({"message": "not ready"}),
    "a page": answer("<!DOCTYPE html><html></html>", 200, {"Content-Type": "text/html"}),
    "an untyped page": answer("<html><body>log in</body></html>", 200, {"Content-Type": ""}),
}


@pytest.mark.parametrize("name", NO_FILES)
def test_what_is_no_file_replaces_none(name: str, connect: Connect, serve: Serve, tmp_path: Path) -> None:
    """A download answered 202, ``false`` or a page replaced the good file of yesterday."""
    target = tmp_path / "people.csv"
    target.write_text("yesterday")
    hook = AcousticExchangeHook(connect("acoustic_exchange", serve(lambda request: NO_FILES[name]).url))
    with pytest.raises(ActivationError):
        hook.download_segment_data(1, "people.csv", target)
    assert target.read_text() == "yesterday"
    assert [path.name for path in tmp_path.iterdir()] == ["people.csv"]


@pytest.mark.parametrize("where", ["worker", "loop"])
def test_no_cookie_is_kept(where: str, connect: Connect, serve: Serve) -> None:
    """300 cookies were kept of 300, and sent back with each call."""

    def handle(request: Request) -> Answer:
        number = len(server.asked)
        cookies = "".join(f"Set-Cookie: c{number}-{i}=v; Path=/; Domain=127.0.0.1\r\n" for i in range(100))
        return f"HTTP/1.1 200 OK\r\n{cookies}Content-Length: 2\r\n\r\n[]".encode()

    server = serve(handle)
    hook = DeltaProjectsHook(connect("delta_projects", server.url))

    async def twice() -> None:
        for _ in range(3):
            await hook.asend(hook.test_call())

    if where == "loop":
        asyncio.run(twice())
    else:
        for _ in range(3):
            hook.send(hook.test_call())
    assert [request.headers.get("cookie") for request in server.asked] == [None] * 3


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def refusing(serve: Serve, status: int = 407) -> Adversary:
    return serve(answer("no", status, {"Proxy-Authenticate": "Basic"}))


@pytest.mark.parametrize("spelled", ["{0}", "http://{0}", "HTTP://{0}", "http://{0}/", "user:pw@{0}"])
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment(
    name: str, spelled: str, no_proxies: pytest.MonkeyPatch, connect: Connect, serve: Serve
) -> None:
    """``HTTPS_PROXY=proxy.example:3128`` was refused in the name of a connection that names no proxy."""
    proxy = refusing(serve)
    no_proxies.setenv(name, spelled.format(f"127.0.0.1:{proxy.port}"))
    hook = DeltaProjectsHook(connect("delta_projects", "https://api.shop.example", timeout=1))
    with at_most(2), pytest.raises(ActivationError):
        hook.get_activity("a1")
    assert [request.target for request in proxy.asked] == ["api.shop.example:443"]


@pytest.mark.parametrize("value", ["socks9://127.0.0.1:1", "ftp://127.0.0.1:1", "http://", "http://h:99999"])
@pytest.mark.parametrize("named_in", ["environment", "connection"])
def test_a_proxy_that_cannot_be_used(
    named_in: str, value: str, no_proxies: pytest.MonkeyPatch, connect: Connect
) -> None:
    """The message blamed the connection and gave no reason."""
    given = {"proxy": value} if named_in == "connection" else {}
    if not given:
        no_proxies.setenv("HTTPS_PROXY", value)
    hook = DeltaProjectsHook(connect("delta_projects", "https://api.shop.example", timeout=1, **given))
    with at_most(2), pytest.raises(InvalidConnection, match=r"HTTPS_PROXY" if not given else r"proxy"):
        hook.get_activity("a1")


def test_the_password_of_a_proxy_is_a_secret(no_proxies: pytest.MonkeyPatch, connect: Connect) -> None:
    """The proxy's address stood in the message, with user and password."""
    no_proxies.setenv("HTTPS_PROXY", "http://user:proxy-password@127.0.0.1:1")
    hook = DeltaProjectsHook(connect("delta_projects", "https://api.shop.example", timeout=1))
    with pytest.raises(ActivationError) as caught:
        hook.get_activity("a1")
    assert "proxy-password" not in str(caught.value) + repr(caught.value) + str(caught.value.as_json())


@pytest.mark.parametrize("spelled", ["127.0.0.1", "shop.example,127.0.0.1", "*", " 127.0.0.1 "])
def test_a_host_that_needs_no_proxy(
    spelled: str, no_proxies: pytest.MonkeyPatch, connect: Connect, serve: Serve
) -> None:
    """``NO_PROXY`` named the service."""
    proxy, server = refusing(serve), serve(answer(dict(DELTA.done)))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        no_proxies.setenv(name, proxy.url)
    no_proxies.setenv("NO_PROXY", spelled)
    assert DeltaProjectsHook(connect("delta_projects", server.url)).get_activity("a1").id == "a1"
    assert proxy.asked == []


@pytest.mark.parametrize("host", ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9"])
@pytest.mark.parametrize("named_in", ["connection", "environment"])
def test_plain_http_does_not_leave_the_machine_by_a_proxy(
    named_in: str, host: str, no_proxies: pytest.MonkeyPatch, connect: Connect, serve: Serve
) -> None:
    """A loopback host with a proxy elsewhere: the key went out of the machine in clear."""
    elsewhere = "http://proxy.shop.example:3128"
    given = {"proxy": elsewhere} if named_in == "connection" else {}
    if not given:
        no_proxies.setenv("HTTP_PROXY", elsewhere)
    hook = DeltaProjectsHook(connect("delta_projects", host, timeout=0.5, **given))
    with at_most(2), pytest.raises(ActivationError) as caught:
        hook.get_activity("a1")
    # refused, or sent past the proxy to a port where nobody listens
    past_the_proxy = f"{host.removeprefix('http://')} refuses connections"
    named = isinstance(caught.value, InvalidConnection)
    assert named if given else named or past_the_proxy in caught.value.headline


@pytest.mark.parametrize("field", ["token_url", "auth_url"])
def test_a_log_in_by_plain_http_does_not_leave_the_machine(
    field: str, no_proxies: pytest.MonkeyPatch, connect: Connect, serve: Serve
) -> None:
    """``token_url`` on loopback with a proxy in the environment: login and password went to the proxy."""
    proxy = refusing(serve)
    no_proxies.setenv("HTTP_PROXY", "http://proxy.shop.example:3128")
    no_proxies.setenv("HTTPS_PROXY", proxy.url)
    given = {"token_url": None, field: "http://127.0.0.1:9/token"}
    extra = {name: value for name, value in given.items() if value}
    conn_id = connect("liveramp", "https://api.shop.example", timeout=0.5, **extra)
    with at_most(2), pytest.raises(ActivationError):
        LiveRampHook(conn_id).list_destinations()
    assert not [request for request in proxy.asked if b"password" in request.body]


@pytest.mark.parametrize("status", [301, 400, 403, 407, 429, 500, 502, 503, 504])
def test_a_refused_connect_never_left(status: int, connect: Connect, serve: Serve) -> None:
    """A proxy refused CONNECT. Not one byte reached the service, so that nothing is uncertain."""
    proxy = refusing(serve, status)
    hook = DeltaProjectsHook(
        connect("delta_projects", "https://api.shop.example", timeout=1, proxy=proxy.url)
    )
    with at_most(2), pytest.raises(ActivationError) as caught:
        hook.send(creation("2"))
    assert not isinstance(caught.value, UncertainOutcome)
    assert {request.method for request in proxy.asked} == {"CONNECT"}


@pytest.mark.parametrize("host", ["http://gateway.example", "http://10.0.0.7", "http://127.0.0.1.x.example"])
def test_plain_http_is_refused(host: str, connect: Connect) -> None:
    """An address that only looks like loopback."""
    with at_most(1), pytest.raises(InvalidConnection):
        DeltaProjectsHook(connect("delta_projects", host)).get_activity("a1")
