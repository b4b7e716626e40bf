"""Who may use the sandbox: a web page elsewhere must not reach it through a person's browser."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from airflow_provider_activation.sandbox.core.messages import Response

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
WILDCARDS = frozenset({"0.0.0.0", "::"})
HTTP_PORT = 80

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
OWN_SITES = frozenset({"same-origin", "none"})
"""What Sec-Fetch-Site says of pages of the sandbox, and of addresses that a person typed."""


class Callers:
    """Checks the names by which the sandbox is called, and the pages that call it.

    Any name can be made to lead to this machine (DNS rebinding). So the sandbox has the loopback names and
    the host it listens on. If that is all addresses, it has any address, but no other name.
    """

    def __init__(self, host: str, url: str) -> None:
        self._any_address = host in WILDCARDS
        self._names = LOOPBACK | {host.lower(), f"[{host.lower()}]"}
        self._port = urlsplit(url).port or HTTP_PORT

    def refuse(self, method: str, headers: Mapping[str, str]) -> Response | None:
        """The refusal of a request, or None when it may be served."""
        host = headers.get("host", "")
        if not self._is_own(host):
            return Response.json({"message": "the sandbox is not called by this name"}, 421)
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if method in CHANGING and (origin not in (None, f"http://{host}") or site not in OWN_SITES):
            return Response.json({"message": "pages of others must not change the sandbox"}, 403)
        return None

    def _is_own(self, host: str) -> bool:
        parts = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^\[\]:]+)(?::([0-9]{1,5}))?", host.lower())
        if parts is None or int(parts[2] or HTTP_PORT) != self._port:
            return False
        return parts[1] in self._names or (self._any_address and _is_address(parts[1].strip("[]")))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
