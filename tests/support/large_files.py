"""Sends and fetches a large file in processes of their own: with the operators, and with bare httpx.

``serve MIB`` is a service that says its port. The others take its address and a file or a folder, and say by
how many MiB the process grew and how many seconds it took.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MIB = 1024 * 1024
PIECE = b"0123456789abcdef" * (MIB // 16)
WAITS = {"jobId": 5, "jobCategory": "SEGMENT_EXPORT", "status": "WAITING_TO_RECIEVE_DATA"}
READY = {"jobId": 6, "status": "READY_FOR_DOWNLOAD", "segmentDataFiles": ["large.csv"]}
HEADER = b"email_sha256,city\n"


def serve(mib: int) -> None:
    """Takes uploads and throws them away, and answers downloads of so many MiB."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=16)
    print(listener.getsockname()[1], flush=True)
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_answer_all, args=(sock, mib), daemon=True).start()


def _answer_all(sock: socket.socket, mib: int) -> None:
    reader = sock.makefile("rb", buffering=MIB)
    with sock, reader:
        while line := reader.readline():
            method, target, _ = line.decode().split(" ", 2)
            length = 0
            while (field := reader.readline().lower()).strip():
                if field.startswith(b"content-length:"):
                    length = int(field.partition(b":")[2])
            while length:
                length -= len(reader.read(min(length, MIB)))
            if target.endswith("large.csv"):
                sock.sendall(_head("text/csv", mib * MIB))
                for _ in range(mib):
                    sock.sendall(PIECE)
            else:
                said = (
                    b"true" if method == "POST" else json.dumps(READY if "/6" in target else WAITS).encode()
                )
                sock.sendall(_head("application/json", len(said)) + said)


def _head(kind: str, size: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n".encode()


def upload(url: str, path: str) -> Callable[[], object]:
    """What uploads the file as a prepared one."""
    from task_running import Task

    from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeUploadJobDataOperator

    with Path(path).open("rb") as file:
        sum_ = hashlib.file_digest(file, "sha256").hexdigest()
    manifest = {
        **{"version": 1, "path": path, "host": socket.gethostname(), "size": Path(path).stat().st_size},
        **{"sha256": sum_, "columns": ["email_sha256", "city"], "rows": {"written": 1}},
        "format": {"delimiter": ",", "header": True, "encoding": "utf-8", "compression": "none"},
        "rejects": {"path": None, "counts": {}},
    }
    columns = {"identifiers": [{"name": "email_sha256", "type": "email"}]}
    attributes = {"attributes": [{"name": "city", "type": "String", "isRequired": False}]}
    registered = {"marketing_databases_definition": {"marketingDatabases": [{**columns, **attributes}]}}
    _connect(url)
    operator = AcousticExchangeUploadJobDataOperator(
        task_id="upload", job_id=5, file=manifest, registration=registered, wait_for_completion=False
    )
    return Task(lambda: operator).run


def download(url: str, folder: str) -> Callable[[], object]:
    """What downloads the file into the folder."""
    from task_running import Task

    from airflow_provider_activation.operators.acoustic_exchange import (
        AcousticExchangeDownloadSegmentDataOperator,
    )

    _connect(url)
    operator = AcousticExchangeDownloadSegmentDataOperator(task_id="download", job_id=6, directory=folder)
    return Task(lambda: operator).run


def _connect(url: str) -> None:
    connection = {"conn_type": "acoustic_exchange", "host": url, "password": "a-key-of-the-account"}
    os.environ["AIRFLOW_CONN_ACOUSTIC_EXCHANGE_DEFAULT"] = json.dumps(connection)
    # what is loaded when a task first runs is neither memory nor time of the file
    from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook

    AcousticExchangeHook().get_job("SEGMENT_EXPORT", 5)


def bare_upload(url: str, path: str) -> Callable[[], object]:
    """What a script would do."""
    import httpx

    def run() -> None:
        with httpx.Client() as client, Path(path).open("rb") as file:
            size = str(Path(path).stat().st_size)
            client.post(f"{url}/v1/jobs/5/data", content=file, headers={"Content-Length": size})

    return run


def bare_download(url: str, folder: str) -> Callable[[], object]:
    """What a script would do."""
    import httpx

    def run() -> None:
        address = f"{url}/v1/jobs/6/segmentDataFiles/large.csv"
        into = Path(folder, "large.csv")
        with httpx.Client() as client, client.stream("GET", address) as response, into.open("wb") as file:
            for piece in response.iter_bytes():
                file.write(piece)

    return run


def growth_of(run: Callable[[], object]) -> tuple[float, float]:
    """By how many MiB this process grows at its highest, and the seconds it takes."""
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    began = time.monotonic()
    run()
    return _status("VmHWM") - before, time.monotonic() - began


def _status(name: str) -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


@contextmanager
def serving(mib: int) -> Iterator[str]:
    """The service in a process of its own, and its address."""
    server = subprocess.Popen([sys.executable, __file__, "serve", str(mib)], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.kill()
        server.wait()


def in_a_child(what: str, url: str, place: Path) -> tuple[float, float]:
    """MiB and seconds of one run in a process of its own."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "AIRFLOW_HOME": home, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, __file__, what, url, str(place)]
        said = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, check=True, timeout=300
        ).stdout
    grown, seconds = json.loads(said.splitlines()[-1])
    return grown, seconds


def made(folder: Path, mib: int) -> Path:
    """A file of so many MiB with the header of a prepared one."""
    with (path := folder / "prepared.csv").open("wb") as file:
        file.write(HEADER)
        for _ in range(mib):
            file.write(PIECE)
    return path


def main(what: str, *given: Any) -> None:
    if what == "serve":
        serve(int(given[0]))
    else:
        run = {"upload": upload, "download": download, "bare_upload": bare_upload}.get(what, bare_download)
        print(json.dumps(growth_of(run(*given))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
