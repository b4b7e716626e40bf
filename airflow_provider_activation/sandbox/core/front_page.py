"""The sandbox's front page: what each service holds now, and the last requests."""

from __future__ import annotations

import html
import json
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.sandbox.core.pages import document
from airflow_provider_activation.sandbox.core.settings import MASK

if TYPE_CHECKING:
    from airflow_provider_activation.sandbox.core.app import Application

LAST_REQUESTS = 50
LONGEST_CELL = 160
MOST_ROWS = 100

GOING = frozenset(
    {
        "PENDING",
        "PROCESSING",
        "IN_PROGRESS",
        "RUNNING",
        "WAITING_TO_RECIEVE_DATA",
        "READY_FOR_DOWNLOAD",
        "running",
        "retrying",
    }
)
GOOD = frozenset({"ACTIVE", "AUTHORIZED", "COMPLETE", "DELIVERED", "SYNCED", "live"})
BAD = frozenset({"FAILED", "CANCELED", "CANCELLED", "INACTIVE", "broken", "inactive"})


def connection_lines(connections: dict[str, dict[str, Any]]) -> list[str]:
    """The connections as shell lines, in Airflow's JSON form."""
    return [
        f"export AIRFLOW_CONN_{conn_id.upper()}={shlex.quote(json.dumps(connection))}"
        for conn_id, connection in connections.items()
    ]


def front_page(application: Application, refresh: bool) -> str:
    """The whole page. Nothing on it is a secret: all values come masked."""
    requests = application.recorder.as_json()
    rules = application.vault.mask(application.misbehaviours.as_json())
    parts = [
        "<h1>Activation sandbox</h1>",
        "<p>Four services, faked for development. They live in this process only. "
        f'<a href="{"/" if refresh else "/?refresh"}">'
        f"{'Stop refreshing' if refresh else 'Refresh every two seconds'}</a> · "
        '<a href="/sandbox/state">state</a> · <a href="/sandbox/requests">requests</a> · '
        '<a href="/sandbox/misbehaviours">misbehaviours</a> (JSON)</p>',
    ]
    state = application.state()
    for name, service in application.services.items():
        parts.append(f'<h2>{html.escape(service.title)} <span class="faint">/{html.escape(name)}</span></h2>')
        held = {part: rows for part, rows in state[name].items() if part not in service.seeded}
        empty = [part for part, rows in held.items() if not rows]
        parts += [f"<h3>{html.escape(part)}</h3>{_table(rows)}" for part, rows in held.items() if rows]
        if empty:
            parts.append(f'<p class="faint">None yet: {html.escape(", ".join(empty))}.</p>')
        seeds = [(part, rows) for part, rows in state[name].items() if part in service.seeded]
        if seeds:
            tables = "".join(f"<h3>{html.escape(part)}</h3>{_table(rows)}" for part, rows in seeds)
            parts.append(f"<details><summary>There from the start</summary>{tables}</details>")
    parts.append("<h2>Misbehaviours</h2>")
    parts.append(_table(rules) if isinstance(rules, list) and rules else '<p class="faint">None.</p>')
    parts.append(f"<h2>Last {LAST_REQUESTS} requests</h2>")
    parts.append(
        _table(requests[: -LAST_REQUESTS - 1 : -1]) if requests else '<p class="faint">None yet.</p>'
    )
    lines = "\n".join(connection_lines(_without_secrets(application.connections())))
    parts.append(
        "<h2>Airflow connections</h2><p>With their secrets they were printed when the sandbox started.</p>"
        f"<pre>{html.escape(lines)}</pre>"
    )
    head = '<meta http-equiv="refresh" content="2">' if refresh else ""
    return document("Activation sandbox", f"<main>{''.join(parts)}</main>", head)


def _without_secrets(connections: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    hidden = {}
    for conn_id, connection in connections.items():
        shown = {name: MASK if name in ("login", "password") else value for name, value in connection.items()}
        extra = connection.get("extra", {})
        if "refresh_token" in extra:
            shown["extra"] = {**extra, "refresh_token": MASK}
        hidden[conn_id] = shown
    return hidden


def _table(rows: Sequence[dict[str, Any]]) -> str:
    # The newest are at the end, and a load test must not make the page unreadable.
    left_out = max(0, len(rows) - MOST_ROWS)
    shown = rows[left_out:]
    columns = list(dict.fromkeys(name for row in shown for name, value in row.items() if _cell(value)))
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td><div>{_cell(row.get(name))}</div></td>" for name in columns) + "</tr>"
        for row in shown
    )
    note = f'<p class="faint">The last {MOST_ROWS}; {left_out} before them.</p>' if left_out else ""
    return f"{note}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, str):
        if value.startswith("http://") and "/consent/" in value:
            return f'<a href="{html.escape(value)}">consent page</a>'
        kind = "good" if value in GOOD else "bad" if value in BAD else "going" if value in GOING else ""
        shown = html.escape(value if len(value) <= LONGEST_CELL else f"{value[:LONGEST_CELL]}…")
        return f'<span class="{kind}">{shown}</span>' if kind else shown
    written = json.dumps(value, ensure_ascii=False)
    return html.escape(written if len(written) <= LONGEST_CELL else f"{written[:LONGEST_CELL]}…")
