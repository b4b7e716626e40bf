"""Misbehaviour on demand: rules that make one route refuse, wait, hang up or answer nonsense."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, cast, get_args

from airflow_provider_activation.sandbox.core.messages import HTML, JSON, TEXT, Answer
from airflow_provider_activation.sandbox.core.reading import (
    Fields,
    Invalid,
    boolean,
    filled_text,
    integer,
    nullable,
    number,
    one_of,
    text_map,
)

What = Literal["status", "refuse", "delay", "drop_before", "drop_after", "html", "half_body", "empty", "fail"]

DEFAULT_STATUS: dict[str, int] = {"status": 503, "refuse": 403, "html": 502}

HTML_BODY = (
    "<!DOCTYPE html><html><head><title>Bad gateway</title></head>"
    "<body><h1>Bad gateway</h1><p>The upstream did not answer.</p></body></html>"
)


@dataclass
class Rule:
    """One misbehaviour: which requests it meets, what happens to them, and how often."""

    id: int
    what: What
    service: str = "*"
    method: str = "*"
    path: str = "*"
    """A glob over the path after the service's prefix, without the query."""
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 0.0
    times: int | None = 1
    """How many requests are left to meet; None is for ever."""
    after_acting: bool = False

    def meets(self, service: str, method: str, path: str) -> bool:
        """Whether a request is one of those."""
        return (
            fnmatchcase(service, self.service)
            and fnmatchcase(method, self.method)
            and fnmatchcase(path, self.path)
        )

    @property
    def acts(self) -> bool:
        """Whether the service does what was asked, whatever the caller then gets to see."""
        if self.what in ("delay", "drop_after", "half_body", "empty", "fail"):
            return True
        return self.after_acting and self.what in ("status", "html")

    @property
    def waits_after(self) -> bool:
        """Whether `seconds` pass after the service has acted rather than before."""
        return self.after_acting or self.what == "drop_after"

    def replace(self, real: Answer | None) -> Answer:
        """What is sent in place of the real answer, which is None when the service did not act."""
        if self.what == "empty" and real is not None:
            return Answer(self.status or real.status, b"", None, {**real.headers, **self.headers})
        if self.what in ("status", "html"):
            status = self.status or DEFAULT_STATUS[self.what]
            if self.body is None:
                body, content_type = (HTML_BODY, HTML) if self.what == "html" else ("", None)
            elif isinstance(self.body, str):
                body, content_type = self.body, HTML if self.what == "html" else TEXT
            else:
                body, content_type = json.dumps(self.body), JSON
            return Answer(status, body.encode(), content_type, dict(self.headers))
        if real is None:
            raise AssertionError(f"{self.what} needs the service to act")
        real.headers.update(self.headers)
        return real

    def as_json(self) -> dict[str, Any]:
        """The rule as it can be given again, with its id."""
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


class Misbehaviours:
    """The active rules, the oldest first; a request meets at most one of them."""

    def __init__(self, services: list[str]) -> None:
        self._services = services
        self._rules: list[Rule] = []
        self._ids = itertools.count(1)

    def add(self, given: object) -> Rule:
        """Read a rule strictly and make it active."""
        fields = Fields(given, "")
        what = cast("What", fields.need("what", one_of(*get_args(What))))
        service = fields.may("service", one_of("*", *self._services)) or "*"
        method = (fields.may("method", filled_text) or "*").upper()
        path = fields.may("path", filled_text) or "*"
        status = fields.may("status", nullable(integer(200, 599)))
        headers = fields.may("headers", nullable(text_map)) or {}
        body = fields.may("body", lambda value, where: value)
        seconds = fields.may("seconds", number(0, 3600)) or 0.0
        times = fields.may("times", nullable(integer(1))) if "times" in fields else 1
        after_acting = fields.may("after_acting", boolean) or False
        fields.end()
        if what == "delay" and not seconds:
            raise Invalid("delay needs seconds")
        if what == "refuse" and status is not None and status < 400:
            raise Invalid("refuse needs a status of 400 or more")
        rule = Rule(
            next(self._ids), what, service, method, path, status, headers, body, seconds, times, after_acting
        )
        self._rules.append(rule)
        return rule

    def meet(self, service: str, method: str, path: str) -> Rule | None:
        """The rule for this request, counted down by one."""
        for rule in self._rules:
            if rule.meets(service, method, path):
                if rule.times is not None:
                    rule.times -= 1
                    if rule.times == 0:
                        self._rules.remove(rule)
                return rule
        return None

    def remove(self, rule_id: int) -> bool:
        """Take one rule away; False when there is none of that id."""
        before = len(self._rules)
        self._rules = [rule for rule in self._rules if rule.id != rule_id]
        return len(self._rules) < before

    def clear(self) -> None:
        """Take all rules away."""
        self._rules.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """All active rules."""
        return [rule.as_json() for rule in self._rules]
