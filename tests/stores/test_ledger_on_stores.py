"""Records on S3 and SFTP: one of many writers creates one, whole, and a lost answer changes nothing."""

from __future__ import annotations

import http.client
import logging
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import pytest
from adversary.server import Adversary, Answer, Request, answer, cut
from ledger_testing import checked_manifest, facts_of, kinds, ledger_in, run_of, send
from real_stores import S3, Sftp

from airflow_provider_activation.__main__ import main
from airflow_provider_activation.audience.activation import Activation
from airflow_provider_activation.errors import (
    ActivationError,
    AudienceNotWritten,
    Conflict,
    InvalidRequest,
    NotFound,
    UnfitAudience,
)
from airflow_provider_activation.storage import Place, place_of
from airflow_provider_activation.storage.place import AlreadyThere
from airflow_provider_activation.storage.store import Store

asyncssh = pytest.importorskip("asyncssh", reason="make test-stores installs it")

MORE_THAN_A_PART = os.urandom(1 << 20) * 18


@contextmanager
def between(
    s3: S3,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Request], Answer | None] = lambda request: None,
    *,
    without: str = "",
    more: str = "",
) -> Iterator[Adversary]:
    """A server between us and S3, with the connection ``proxied``.

    :param change: what is answered to a request that S3 has got; None for what S3 says.
    :param without: a header that is taken out of requests.
    :param more: what is added to the query of a listing.
    """

    one_at_a_time = Lock()

    def handle(request: Request) -> Answer:
        left_out = ("connection", "transfer-encoding", "expect", "content-length", without)
        headers = {name: value for name, value in request.headers.items() if name not in left_out}
        target = request.target + (more if "list-type" in request.target else "")
        connection = http.client.HTTPConnection(urlsplit(s3.url).netloc, timeout=10)
        # S3 looks and writes in one step, moto in two
        with one_at_a_time, closing(connection):
            connection.request(request.method, target, request.body, headers)
            response = connection.getresponse()
            kept = {name: value for name, value in response.getheaders() if name.lower() not in left_out}
            if request.method == "HEAD":
                kept["Content-Length"] = response.getheader("Content-Length") or ""
            whole = answer(response.read(), response.status, kept)
        changed = change(request)
        return whole if changed is None else changed

    with Adversary(handle) as server:
        few = {"retries": {"total_max_attempts": 2}, "connect_timeout": 2, "read_timeout": 2}
        extra = {"endpoint_url": server.url, "region_name": "us-east-1", "config_kwargs": few}
        monkeypatch.setenv("AIRFLOW_CONN_PROXIED", s3.connection(extra=extra))
        yield server


@pytest.fixture(params=["s3", "sftp"])
def told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder of each storage that is not there yet."""
    if request.param == "s3":
        with between(request.getfixturevalue("s3"), monkeypatch):
            yield "s3://proxied@bkt/of/records"
    else:
        sftp: Sftp = request.getfixturevalue("sftp")
        yield f"sftp://drop@{sftp.folder}/of/records"


@pytest.fixture
def folder(told: str) -> Place:
    return place_of(told, "folder")


@pytest.fixture
def another(request: pytest.FixtureRequest, told: str) -> Callable[[str, bytes], None]:
    """Writes a file as a client of its own."""

    def write(name: str, content: bytes) -> None:
        if told.startswith("s3"):
            s3: S3 = request.getfixturevalue("s3")
            s3.client.put_object(Bucket="bkt", Key=f"of/records/{name}", Body=content)
        else:
            path = request.getfixturevalue("sftp").folder / "of" / "records" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    return write


# one of many


def test_a_file_is_created_once(folder: Place) -> None:
    assert folder.is_exclusive
    assert folder.names() == folder.folders() == []
    place = folder / "1.json"
    with pytest.raises(NotFound):
        place.read(10)
    place.create(b"one")
    with pytest.raises(AlreadyThere, match="is there already"):
        place.create(b"two")
    assert place.read(3) == b"one"
    with pytest.raises(UnfitAudience, match="more than 2 bytes"):
        place.read(2)
    assert folder.names() == ["1.json"]
    assert place.refuses(b"one")
    assert place.read(3) == b"one"


@pytest.mark.parametrize(("writers", "content"), [(2, b"x"), (8, b"record" * 1_000), (3, MORE_THAN_A_PART)])
def test_one_of_many_writers_creates_a_file(writers: int, content: bytes, told: str) -> None:
    """Also one that goes in parts."""

    def create(who: int) -> bool:
        try:
            # with a connection of its own
            (place_of(told, "folder") / "1").create(bytes([who]) + content)
        except AlreadyThere:
            return False
        return True

    with ThreadPoolExecutor(writers) as pool:
        created = list(pool.map(create, range(writers)))
    assert sum(created) == 1
    found = (place_of(told, "folder") / "1").read(len(content) + 1)
    assert found == bytes([created.index(True)]) + content
    assert place_of(told, "folder").names() == ["1"]


def test_no_upload_stays_open(s3: S3) -> None:
    place = place_of("s3://lake@bkt/1", "file")
    place.create(b"1")
    with pytest.raises(AlreadyThere):
        place.create(MORE_THAN_A_PART)
    assert not s3.client.list_multipart_uploads(Bucket="bkt").get("Uploads")


def test_nothing_is_no_content(folder: Place) -> None:
    """Of two that create an empty object with a condition, both pass."""
    with pytest.raises(InvalidRequest, match="nothing to write"):
        (folder / "1").create(b"")
    assert folder.names() == []


def test_records_on_a_server_are_for_their_owner_and_nothing_else_is_left(sftp: Sftp) -> None:
    place = place_of(f"sftp://drop@{sftp.folder}/made/1", "file")
    place.create(b"1")
    with pytest.raises(AlreadyThere):
        place.create(b"2")
    made = sftp.folder / "made"
    assert [path.name for path in made.iterdir()] == ["1"]
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert stat.S_IMODE((made / "1").stat().st_mode) == 0o600
    assert (made / "1").stat().st_nlink == 1


def test_a_server_without_links_renames(sftp: Sftp, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In SFTP's own sense, which replaces nothing."""

    async def unsupported(*_: Any) -> None:
        raise asyncssh.sftp.SFTPOpUnsupported("link not supported")

    monkeypatch.setattr(asyncssh.SFTPClient, "link", unsupported)
    place = place_of(f"sftp://drop@{sftp.folder}/1", "file")
    place.create(b"one")
    with pytest.raises(AlreadyThere):
        place.create(b"two")
    assert place.refuses(b"one")
    assert (sftp.folder / "1").read_bytes() == b"one"
    assert len(list(sftp.folder.glob(".*"))) == 0


# what others have written is seen


def test_names_are_as_they_are_now(folder: Place, another: Callable[[str, bytes], None]) -> None:
    """File systems keep what they have listed."""
    another("1", b"1")
    assert folder.names() == ["1"]
    another("2", b"22")
    another("sub/3", b"3")
    assert folder.names() == ["1", "2"]
    assert folder.folders() == ["sub"]
    assert (folder / "2").read(2) == b"22"
    another("2", b"four")
    assert (folder / "2").read(4) == b"four"


def test_names_on_several_pages(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    with between(s3, monkeypatch, more="&max-keys=2") as server:
        folder = place_of("s3://proxied@bkt/many", "folder")
        for number in range(5):
            (folder / str(number)).create(b"x")
        server.asked.clear()
        assert folder.names() == ["0", "1", "2", "3", "4"]
        assert len(server.asked_for("GET", "list-type")) == 3


def test_a_mark_of_a_folder_is_no_file(s3: S3) -> None:
    for key in ("of/", "of/records/"):
        s3.client.put_object(Bucket="bkt", Key=key, Body=b"")
    folder = place_of("s3://lake@bkt/of/records", "folder")
    assert folder.names() == folder.folders() == []
    (folder / "1").create(b"1")
    assert folder.names() == ["1"]


def test_a_bucket_that_is_not_there_takes_nothing(s3: S3) -> None:
    folder = place_of("s3://lake@elsewhere/records", "folder")
    assert folder.names() == []
    with pytest.raises(NotFound):
        (folder / "1").create(b"1")


# answers that are lost


@pytest.mark.parametrize("lost", [1, 10])
def test_an_object_whose_answer_was_lost_was_created(
    lost: int, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client repeats the request unseen, and its own object refuses it; or all answers are lost."""
    left = [lost]

    def lose(request: Request) -> Answer | None:
        if request.method == "PUT" and left[0]:
            left[0] -= 1
            return cut(b"")
        return None

    with between(s3, monkeypatch, lose) as server:
        place = place_of("s3://proxied@bkt/1", "file")
        place.create(b"mine")
        assert len(server.asked_for("PUT")) >= 2
        left[0] = lost
        with pytest.raises(AlreadyThere):
            place.create(b"another's")
    assert s3.content("bkt") == {"1": b"mine"}


def test_an_object_that_never_arrived_was_not_created(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(request: Request) -> Answer | None:
        if request.method == "PUT":
            s3.client.delete_object(Bucket="bkt", Key="1")
            return cut(b"")
        return None

    with between(s3, monkeypatch, refuse), pytest.raises(AudienceNotWritten):
        place_of("s3://proxied@bkt/1", "file").create(b"mine")


def test_a_store_that_knows_no_conditions_is_told_of_once(
    s3: S3, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with between(s3, monkeypatch, without="if-none-match"):
        root = place_of("s3://proxied@bkt/ledger", "ledger")
        send(ledger_in(root), 1)
        assert kinds(ledger_in(root)) == ["intent", "receipt"]
    (warning,) = [one.getMessage() for one in caplog.records if "audience.ledger" in one.name]
    assert "s3://proxied@bkt/ledger does not keep two writers apart" in warning
    assert "max_active_runs=1" in warning


def test_a_store_that_keeps_writers_apart_is_not_told_of(
    folder: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    send(ledger_in(folder), 1)
    assert not [one for one in caplog.records if "audience.ledger" in one.name]


@pytest.mark.parametrize("made", [True, False])
def test_a_connection_that_is_lost_at_the_name(
    made: bool, sftp: Sftp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is looked for over a connection of its own."""
    from airflow_provider_activation.storage import sftp as ours

    whole, clients = ours._name, []

    async def lost(channel: Any, part: str, path: str) -> None:
        if made:
            await whole(channel, part, path)
        clients.append(channel)
        channel._handler._writer.channel.get_connection().abort()
        await channel.stat(path)

    monkeypatch.setattr(ours, "_name", lost)
    place = place_of(f"sftp://drop@{sftp.folder}/1", "file")
    if made:
        place.create(b"mine")
        assert (sftp.folder / "1").read_bytes() == b"mine"
    else:
        with pytest.raises(AudienceNotWritten):
            place.create(b"mine")
        assert not (sftp.folder / "1").exists()
    assert clients
    # what is left is no record
    monkeypatch.undo()
    assert len(list(sftp.folder.glob(".1.*.part"))) == 1


def test_what_a_lost_connection_leaves_is_no_record(sftp: Sftp, monkeypatch: pytest.MonkeyPatch) -> None:
    root = place_of(f"sftp://drop@{sftp.folder}/ledger", "ledger")
    send(ledger_in(root), 1)
    pair = sftp.folder / "ledger" / "lapsed@acoustic"
    (pair / ".000003.json.0badcafe0badcafe.part").write_bytes(b"{")
    assert kinds(ledger_in(root)) == ["intent", "receipt"]
    assert ledger_in(root).intend(facts_of(2)).number == 3


@pytest.mark.parametrize("after", [True, False])
def test_any_lost_answer_is_settled_by_what_is_there(
    after: bool, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_activation.storage import sftp as ours

    def losing(whole: Callable[..., Any]) -> Callable[..., Any]:
        def lost(*given: Any) -> None:
            if after:
                whole(*given)
            raise ConnectionResetError

        return lost

    monkeypatch.setattr(Store, "_at_once", losing(Store._at_once))
    monkeypatch.setattr(ours, "create", losing(ours.create))
    place = place_of(told, "folder") / "1"
    if after:
        place.create(b"mine")
        with pytest.raises(AlreadyThere):
            place.create(b"other")
        with pytest.raises(AlreadyThere):
            place.create(b"mine and more")
    else:
        with pytest.raises(AudienceNotWritten):
            place.create(b"mine")


# ledgers


@pytest.mark.parametrize("writers", [2, 5])
def test_one_of_many_runs_sends(writers: int, told: str) -> None:
    send(ledger_in(place_of(told, "ledger")), 100)

    def intend(day: int) -> Any:
        try:
            return ledger_in(place_of(told, "ledger")).intend(facts_of(day))
        except ActivationError as error:
            return error

    with ThreadPoolExecutor(writers) as pool:
        found = list(pool.map(intend, range(1, writers + 1)))
    (intent,) = (one for one in found if not isinstance(one, ActivationError))
    assert all(isinstance(one, Conflict) for one in found if one is not intent)
    ledger = ledger_in(place_of(told, "ledger"))
    assert ledger.open_intent() == intent
    assert kinds(ledger) == ["intent", "receipt", "intent"]


@pytest.mark.parametrize("pair", [("lapsed å/ä", "50 % off@x"), ("a+b", "c&d=e?f#g"), ("..", "*[x]")])
def test_names_of_any_letters(pair: tuple[str, str], told: str) -> None:
    ledger = ledger_in(place_of(told, "ledger"), *pair)
    send(ledger, 1)
    assert kinds(ledger) == ["intent", "receipt"]
    assert len(place_of(told, "ledger").folders()) == 1


def test_a_task_and_a_person(
    told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")
    manifest = checked_manifest(told)
    task = Activation(manifest, key="k", run=run_of(1), first_try=True)
    task.intend()
    task.receipt("x", {"job": 1})
    Activation(
        manifest | {"check": manifest["check"] | {"compared_with": 2}}, key="l", run=run_of(2), first_try=True
    ).intend()
    closing = ["--close", "3", "--audience", "lapsed", "--destination", "acoustic", "--why", "gone"]
    assert main(["ledger", told, *closing]) == 0
    for path in (told, f"{told}/lapsed@acoustic"):
        capsys.readouterr()
        assert main(["ledger", path]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 6


def test_the_command_says_in_one_line_that_a_connection_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["ledger", "s3://nobody@bucket/ledger"]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert "there is no connection 'nobody'" in told.err


def test_storage_that_refuses_to_list_is_not_empty(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever took it for empty would send a first time."""
    body = "<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>no</Message></Error>"

    def refuse(request: Request) -> Answer | None:
        return (
            answer(body, 403, {"Content-Type": "application/xml"}) if "list-type" in request.target else None
        )

    with between(s3, monkeypatch, refuse), pytest.raises(ActivationError, match="refuses it"):
        ledger_in(place_of("s3://proxied@bkt/ledger", "ledger")).newest()
