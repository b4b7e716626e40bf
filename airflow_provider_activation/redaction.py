"""Keeps secrets out of texts: out of our own errors, and out of what the HTTP libraries log."""

from __future__ import annotations

import json
import logging
import re
import weakref
from collections.abc import Iterable
from urllib.parse import quote, quote_plus


class Redactor:
    """Removes known secrets from texts, in each of their encodings."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._patterns: set[str] = set()
        self._any: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Remove this secret too, from all further texts."""
        if not secret:
            return
        plain = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        encoded = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
        self._patterns |= {re.escape(form) for form in plain}
        # %2F and %2f are the same
        self._patterns |= {
            re.sub("%([0-9A-F]{2})", r"%(?i:\1)", re.escape(form).replace("\\%", "%")) for form in encoded
        }
        self._any = re.compile("|".join(sorted(self._patterns, key=len, reverse=True)))

    def __call__(self, text: str) -> str:
        return self._any.sub("***", text) if self._any else text


class _LibraryLogs(logging.Filter):
    """Removes the secrets of all transports from the logs of the HTTP libraries: addresses and headers."""

    def __init__(self) -> None:
        super().__init__()
        self.redactors: weakref.WeakSet[Redactor] = weakref.WeakSet()

    def filter(self, record: logging.LogRecord) -> bool:
        text = redacted = record.getMessage()
        for redact in list(self.redactors):
            redacted = redact(redacted)
        if redacted != text:
            record.msg, record.args = redacted, None
        return True


_library_logs = _LibraryLogs()
# a filter works on the logger that is logged to, not on its children
for _name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy"):
    logging.getLogger(_name).addFilter(_library_logs)


def redact_library_logs(redactor: Redactor) -> None:
    """Keep the secrets of a redactor out of the logs of the HTTP libraries for as long as it lives."""
    _library_logs.redactors.add(redactor)
