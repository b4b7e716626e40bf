"""Bring up Airflow with its web pages, the example DAGs and the sandbox: ``make ui``."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from scripts.local import ROOT, Failure, airflow_environment, get_json, running_sandbox

HOME = ROOT / ".airflow-ui"
PARTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")
START_SECONDS = 180.0
STOP_SECONDS = 30.0


def free_port(wanted: int = 0) -> int:
    """The wanted port if it is free on loopback, or any that is."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port()
        return int(listener.getsockname()[1])


def settings(address: str, port: int) -> dict[str, str]:
    """What a local Airflow needs besides its connections."""
    return {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        # Only this machine can reach it, so that a password would only be in the way.
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        # Another Airflow on this machine may have the usual ports.
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port(8793)),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port(8794)),
    }


def wait_until_up(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Return once all parts of Airflow are healthy.

    :raises Failure: it ended, or takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, ValueError):
            health = get_json(f"{address}/api/v2/monitor/health")
            if all((health.get(part) or {}).get("status") == "healthy" for part in PARTS):
                return
        time.sleep(0.5)
    raise Failure(f"Airflow did not come up:\n{log.read_text(errors='replace')[-3000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End Airflow and whatever it started."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)  # it ends its parts itself
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def serve() -> None:
    """Run the sandbox and Airflow until interrupted."""
    # The sandbox forgets everything when it ends, so Airflow does not remember what was there either.
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    log = HOME / "airflow.log"
    port = free_port(8080)
    address = f"http://127.0.0.1:{port}"
    with running_sandbox(HOME, "--consent", "manual", "--step-seconds", "2") as sandbox, log.open("w") as out:
        print(f"Airflow starts; its output goes to {log.relative_to(ROOT)}. This takes half a minute ...")
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"],
            env=airflow_environment(HOME, sandbox) | settings(address, port),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_up(process, address, log)
            print(f"\nAirflow:  {address}/\nSandbox:  {sandbox.url}/\n")
            print("Trigger syndicate_audience there. Its task liveramp.authorize waits for you: on its")
            print(
                'Details tab follow the link "Authorize" and give your consent. Ctrl-C ends everything.',
                flush=True,
            )
            process.wait()
            raise Failure(f"Airflow ended by itself:\n{log.read_text(errors='replace')[-3000:]}")
        finally:
            stop(process)


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Serve until Ctrl-C or SIGTERM."""
    # a shell that starts this in the background has it ignore SIGINT
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupted)
    try:
        serve()
    except KeyboardInterrupt:
        print("\nEnded.")
        return 0
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
