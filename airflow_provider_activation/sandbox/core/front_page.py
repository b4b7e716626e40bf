"""The front page: the state of each service, and the last requests."""

from __future__ import annotations

import html
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from airflow_provider_activation.sandbox.core.connections import Connections, connection_lines
from airflow_provider_activation.sandbox.core.habits import KINDS
from airflow_provider_activation.sandbox.core.misbehaviour import SAYS
from airflow_provider_activation.sandbox.core.pages import document
from airflow_provider_activation.sandbox.core.service import Service

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


def front_page(
    *,
    services: Iterable[Service],
    state: Mapping[str, Any],
    requests: Sequence[dict[str, Any]],
    rules: Mapping[str, object],
    connections: Connections,
    refresh: bool,
) -> str:
    """The whole page. All values are masked already."""
    parts = [
        "<h1>Activation sandbox</h1>",
        "<p>Four services, faked for development. They live in this process only. "
        f'<a href="{"/" if refresh else "/?refresh"}">'
        f"{'Stop refreshing' if refresh else 'Refresh every two seconds'}</a> · "
        '<a href="/sandbox/state">state</a> · <a href="/sandbox/requests">requests</a> · '
        '<a href="/sandbox/misbehaviours">misbehaviours</a> · '
        '<a href="/sandbox/habits">habits</a> (JSON)</p>',
        *(_section(service, state[service.name]) for service in services),
    ]
    parts.append(_rules("misbehaviours", rules, SAYS, "method, path, times"))
    says = {what: f"{kind.says} Narrowed by {kind.narrowing}." for what, kind in KINDS.items()}
    parts.append(_rules("habits", rules, says, "resources, path or list"))
    parts.append(f"<h2>Last {LAST_REQUESTS} requests</h2>")
    parts.append(
        _table(requests[: -LAST_REQUESTS - 1 : -1]) if requests else '<p class="faint">None yet.</p>'
    )
    lines = "\n".join(connection_lines(connections))
    parts.append(
        "<h2>Airflow connections</h2><p>With their secrets they were printed when the sandbox started.</p>"
        f"<pre>{html.escape(lines)}</pre>"
    )
    head = '<meta http-equiv="refresh" content="2">' if refresh else ""
    return document("Activation sandbox", f"<main>{''.join(parts)}</main>", head)


def _rules(kind: str, rules: Mapping[str, object], known: Mapping[str, str], narrowing: str) -> str:
    active = rules[kind]
    shown = _table(active) if isinstance(active, list) and active else '<p class="faint">None.</p>'
    rows = "".join(
        f"<tr><td>{html.escape(what)}</td><td><div>{html.escape(says)}</div></td></tr>"
        for what, says in known.items()
    )
    return (
        f"<h2>{kind.capitalize()}</h2>{shown}<details><summary>All that there are</summary>"
        f"<p>POST /sandbox/{kind} adds one: <code>what</code>, and to narrow it service, {narrowing}. "
        f"DELETE /sandbox/{kind} removes all, DELETE /sandbox/{kind}/{{id}} one.</p>"
        f"<table><tbody>{rows}</tbody></table></details>"
    )


def _section(service: Service, state: Mapping[str, Any]) -> str:
    title = f'<h2>{html.escape(service.title)} <span class="faint">/{html.escape(service.name)}</span></h2>'
    seeds = _tables(state, service.seeded & state.keys())
    stored = _tables(state, state.keys() - service.seeded)
    empty = [part for part, rows in state.items() if part not in service.seeded and not rows]
    if empty:
        stored += f'<p class="faint">None yet: {html.escape(", ".join(empty))}.</p>'
    if seeds:
        seeds = f"<details><summary>There from the start</summary>{seeds}</details>"
    return f"{title}{stored}{seeds}"


def _tables(state: Mapping[str, Any], parts: Collection[str]) -> str:
    return "".join(
        f"<h3>{html.escape(part)}</h3>{_table(rows)}"
        for part, rows in state.items()
        if rows and part in parts
    )


def _table(rows: Sequence[dict[str, Any]]) -> str:
    # The newest rows are the last ones. After a load test there are too many for a page.
    left_out = max(0, len(rows) - MOST_ROWS)
    shown = rows[left_out:]
    columns = list(dict.fromkeys(name for row in shown for name, value in row.items() if _cell(value)))
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td><div>{_cell(row.get(name))}</div></td>" for name in columns) + "</tr>"
        for row in shown
    )
    hint = f'<p class="faint">The last {MOST_ROWS}; {left_out} before them.</p>' if left_out else ""
    return f"{hint}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


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
