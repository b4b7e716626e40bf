"""The secrets that no page shows, and the access tokens."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Literal

from airflow_provider_activation.sandbox.core.clock import Clock
from airflow_provider_activation.sandbox.core.settings import Settings

MASK = "***"
TOKEN_BYTES = 16

# The values of these fields are always masked: wrong credentials may be real ones.
SECRET_FIELDS = frozenset(
    {
        "access_token",
        "apikey",
        "authorization",
        "clientsecret",
        "password",
        "refresh_token",
        "statickey",
    }
)


class Vault:
    """Issues tokens, and masks all secrets."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = settings.secrets["token_prefix"]
        hidden = [value for name, value in settings.secrets.items() if name != "token_prefix"]
        # All tokens look alike, so the pattern does not grow with each. Longest first: a secret may be part
        # of a longer one.
        token = f"{re.escape(self._prefix)}[0-9a-f]{{{2 * TOKEN_BYTES}}}"
        self._pattern = re.compile(
            "|".join([token, *(re.escape(value) for value in sorted(hidden, key=len, reverse=True))])
        )

    def issue(self) -> str:
        """A new token. It starts with the prefix, and is masked wherever it stands."""
        return f"{self._prefix}{secrets.token_hex(TOKEN_BYTES)}"

    def mask(self, value: object) -> object:
        """A copy of a JSON value without secrets. Field names and known secrets decide."""
        if isinstance(value, str):
            return self._pattern.sub(MASK, value)
        if isinstance(value, Mapping):
            return {
                str(self.mask(str(key))): MASK if str(key).lower() in SECRET_FIELDS else self.mask(inner)
                for key, inner in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.mask(inner) for inner in value]
        return value


class Tokens:
    """The access tokens of one service."""

    def __init__(self, vault: Vault, clock: Clock, seconds: int) -> None:
        self._vault = vault
        self._clock = clock
        self._expiries: dict[str, float] = {}
        self.seconds = seconds

    def issue(self) -> str:
        """A new token with the service's lifetime."""
        token = self._vault.issue()
        self._expiries[token] = self._clock.now() + self.seconds
        return token

    def verdict(self, token: str) -> Literal["good", "expired", "unknown"]:
        """Whether a token is valid."""
        expires = self._expiries.get(token)
        if expires is None:
            return "unknown"
        return "good" if self._clock.now() < expires else "expired"

    def expire_all(self) -> None:
        """Expire all tokens."""
        self._expiries = dict.fromkeys(self._expiries, 0.0)

    def __len__(self) -> int:
        return len(self._expiries)
