"""The command ``python -m airflow_provider_activation.sandbox``."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airflow_provider_activation.sandbox.core.connections import connection_lines, parts
from airflow_provider_activation.sandbox.core.settings import DEFAULT_PORT, DEFAULT_SECRETS
from airflow_provider_activation.sandbox.services import Sandbox


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_activation.sandbox",
        description="LiveRamp, Acoustic Exchange, Delta Projects and Dataddo, faked on one loopback port.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="listen here; beyond loopback only if you say so")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="0 picks a free one (default %(default)s)"
    )
    parser.add_argument(
        "--connections", type=Path, metavar="FILE", help="write the connections here once listening"
    )
    parser.add_argument(
        "--consent",
        choices=("auto", "manual"),
        default="manual",
        help="whether OAuth attempts authorise themselves after a moment (default %(default)s)",
    )
    parser.add_argument(
        "--step-seconds",
        type=float,
        default=1.0,
        metavar="FLOAT",
        help="how long each state of a job, delivery or run lasts (default %(default)s)",
    )
    parser.add_argument(
        "--token-seconds",
        type=int,
        metavar="INT",
        help="lifetime of access tokens (default 600 for LiveRamp, 3600 for Dataddo)",
    )
    parser.add_argument(
        "--tenants",
        type=int,
        default=0,
        metavar="INT",
        help="more accounts at Acoustic Exchange, each with keys of its own (default %(default)s)",
    )
    parser.add_argument(
        "--secret",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"set a credential, may be repeated: {', '.join(DEFAULT_SECRETS)}",
    )
    return parser


def _secrets(parser: argparse.ArgumentParser, given: Sequence[str]) -> dict[str, str]:
    secrets = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            # The message leaves the value out: it may be a secret.
            parser.error("--secret wants NAME=VALUE")
        secrets[name] = value
    return secrets


def _write_private(path: Path, connections: dict[str, dict[str, Any]]) -> None:
    # The file appears complete, and only its owner can read it.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(connections, file, indent=2)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = _parser()
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        sandbox = Sandbox(
            options.host,
            options.port,
            consent=options.consent,
            step_seconds=options.step_seconds,
            token_seconds=options.token_seconds,
            secrets=_secrets(parser, options.secret),
            tenants=options.tenants,
        )
    except ValueError as error:
        parser.error(str(error))
    try:
        sandbox.start()
    except OSError as error:
        print(error.strerror or error, file=sys.stderr)
        return 1
    try:
        connections = sandbox.connections
        usual, more, of_tenants = (connection_lines(part) for part in parts(connections))
        print("Sandbox of LiveRamp, Acoustic Exchange, Delta Projects and Dataddo. For development only.")
        print(f"Front page: {sandbox.url}/")
        print("\nAirflow connections, ready to paste into a shell:\n")
        print("\n".join(usual))
        print("\nTwo more that the example DAGs use:\n")
        print("\n".join(more), flush=True)
        if of_tenants:
            print("\nTwo of each tenant at Acoustic Exchange, with the account's key and an endpoint's:\n")
            print("\n".join(of_tenants), flush=True)
        if options.connections is not None:
            _write_private(options.connections, connections)
        stop.wait()
    finally:
        sandbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
