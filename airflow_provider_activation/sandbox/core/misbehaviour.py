"""Misbehaviours: rules that make a service refuse, wait, hang up, or send a wrong response."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.messages import HTML, JSON, TEXT, Response
from airflow_provider_activation.sandbox.core.reading import Fields
from airflow_provider_activation.sandbox.core.rules import Rules

SAYS: Mapping[str, str] = {
    "status": "Respond with `status` (503) and `body`; the service acts only with `after_acting`.",
    "refuse": "Respond with an error in the vendor's form, with `status` (403). The service does not act.",
    "delay": "Wait for `seconds`, before the service acts or with `after_acting` after it.",
    "drop_before": "Hang up before the service acts.",
    "drop_after": "Hang up after the service has acted.",
    "html": "Respond with a web page and `status` (502); the service acts only with `after_acting`.",
    "half_body": "Send half of the response, and hang up.",
    "empty": "Send the response without its body, with `status` if there is one.",
    "fail": "What the request starts fails in the end.",
    "drip": "Send the body of the response byte by byte, one in `seconds` (1).",
    "endless": "Send the response, and blanks after it without end, with pauses of `seconds`.",
    "long_length": "Announce more bytes than the response has, and hang up after them.",
    "short_length": "Announce half of the bytes, send them all, and hang up.",
}
"""What a service does in each misbehaviour, for the front page."""

ACTING = frozenset(SAYS) - {"status", "refuse", "html", "drop_before"}
"""The misbehaviours in which the service always carries out the request."""

DRIP_SECONDS = 1.0

DEFAULT_STATUS: dict[str, int] = {"status": 503, "refuse": 403, "html": 502}

HTML_BODY = (
    "<!DOCTYPE html><html><head><title>Bad gateway</title></head>"
    "<body><h1>Bad gateway</h1><p>The upstream did not answer.</p></body></html>"
)


@dataclass
class Rule:
    """One misbehaviour."""

    id: int
    what: str
    service: str = "*"
    method: str = "*"
    path: str = "*"
    """A glob for the path, without the service's prefix and the query."""
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 0.0
    times: int | None = 1
    """How many more requests match. None means no limit."""
    after_acting: bool = False

    def matches(self, service: str, method: str, path: str) -> bool:
        """Whether a request matches."""
        return (
            fnmatchcase(service, self.service)
            and fnmatchcase(method, self.method)
            and fnmatchcase(path, self.path)
        )

    @property
    def acts(self) -> bool:
        """Whether the service carries out the request."""
        return self.what in ACTING or (self.after_acting and self.what in ("status", "html"))

    @property
    def pause(self) -> float:
        """The seconds of a wait before or after the service acts."""
        return 0.0 if self.what in ("drip", "endless") else self.seconds

    @property
    def waits_after(self) -> bool:
        """Whether the wait comes after the service has acted."""
        return self.after_acting or self.what == "drop_after"

    def replace(self, real: Response | None) -> Response:
        """The response to send. `real` is the service's own, or None when it did not act."""
        if self.what == "empty" and real is not None:
            return Response(self.status or real.status, b"", None, {**real.headers, **self.headers})
        if self.what in ("status", "html"):
            status = self.status or DEFAULT_STATUS[self.what]
            if self.body is None:
                body, content_type = (HTML_BODY, HTML) if self.what == "html" else ("", None)
            elif isinstance(self.body, str):
                body, content_type = self.body, HTML if self.what == "html" else TEXT
            else:
                body, content_type = json.dumps(self.body), JSON
            return Response(status, body.encode(), content_type, dict(self.headers))
        if real is None:
            raise AssertionError(f"{self.what} needs the service to act")
        real.headers.update(self.headers)
        return real

    def as_json(self) -> dict[str, Any]:
        """The rule as `add` takes it, with its id."""
        return {
            "id": self.id,
            "service": self.service,
            "method": self.method,
            "path": self.path,
            "what": self.what,
            "status": self.status,
            "headers": self.headers,
            "body": self.body,
            "seconds": self.seconds,
            "times": self.times,
            "after_acting": self.after_acting,
        }


class Misbehaviours(Rules[Rule]):
    """The active rules. The oldest one that matches a request applies."""

    def _read(self, rule_id: int, service: str, fields: Fields) -> Rule:
        what = fields.need("what", checks.one_of(*SAYS))
        method = (fields.may("method", checks.filled_text) or "*").upper()
        path = fields.may("path", checks.filled_text) or "*"
        status = fields.may("status", checks.nullable(checks.integer(200, 599)))
        headers = fields.may("headers", checks.nullable(checks.text_map)) or {}
        body = fields.may("body", checks.anything)
        seconds = fields.may("seconds", checks.number(0, 3600)) or 0.0
        times = fields.may("times", checks.nullable(checks.integer(1))) if "times" in fields else 1
        after_acting = fields.may("after_acting", checks.boolean) or False
        if what == "delay" and not seconds:
            raise Invalid("delay needs seconds")
        if what == "drip":
            seconds = seconds or DRIP_SECONDS
        if what == "refuse" and status is not None and status < 400:
            raise Invalid("refuse needs a status of 400 or more")
        return Rule(rule_id, what, service, method, path, status, headers, body, seconds, times, after_acting)

    def match(self, service: str, method: str, path: str) -> Rule | None:
        """The rule for a request. It is removed when no more requests are to match."""
        rule = next((rule for rule in self._rules if rule.matches(service, method, path)), None)
        if rule is not None and rule.times is not None:
            rule.times -= 1
            if rule.times == 0:
                self._rules.remove(rule)
        return rule
