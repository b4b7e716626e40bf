"""What a sandbox can be told at its start, and the credentials it knows."""

from __future__ import annotations

import re
import secrets as random_values
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

DEFAULT_PORT = 8765

# Harmless on purpose: these open nothing but the sandbox. The ":US" endings are real in form, Acoustic
# Exchange keys may carry a region like that.
DEFAULT_SECRETS: Mapping[str, str] = {
    "liveramp_service_account": "sandbox-service-account",
    "liveramp_secret_key": "sandbox-liveramp-secret-key",
    "acoustic_account_key": "sandbox-acoustic-account-key:US",
    "acoustic_endpoint_key": "sandbox-acoustic-endpoint-key:US",
    "acoustic_application_key": "sandbox-acoustic-application-key:US",
    "acoustic_replacing_source_key": "sandbox-acoustic-replacing-source-key:US",
    "acoustic_fixed_source_key": "sandbox-acoustic-fixed-source-key:US",
    "delta_api_key": "sandbox-delta-api-key",
    "dataddo_email": "sandbox@example.com",
    "dataddo_password": "sandbox-dataddo-password",
    "snapchat_client_id": "sandbox-snapchat-client-id",
    "snapchat_client_secret": "sandbox-snapchat-client-secret",
    "snapchat_refresh_token": "sandbox-snapchat-refresh-token",
    "token_prefix": "sandbox-token-",
}

MASK = "***"

# Fields whose value is never shown, even when it is none of ours: a wrong key may be a real one.
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


class Clock:
    """The time as it goes here: the real one, plus what it was moved on by."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """The moment in Unix time."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass at once; it never goes back."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._ahead += seconds

    def reset(self) -> None:
        """The real time again."""
        self._ahead = 0.0


@dataclass(frozen=True)
class Settings:
    """The options of one sandbox, the same for all four services."""

    consent: Literal["auto", "manual"] = "manual"
    step_seconds: float = 1.0
    token_seconds: int | None = None
    secrets: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_SECRETS))
    url: str = ""
    clock: Clock = field(default_factory=Clock)

    def secret(self, name: str) -> str:
        """One credential by its name."""
        return self.secrets[name]


def merge_secrets(given: Mapping[str, str] | None) -> dict[str, str]:
    """The default credentials with the given ones in their place; an unknown name is refused."""
    merged = dict(DEFAULT_SECRETS)
    for name, value in (given or {}).items():
        if name not in merged:
            raise ValueError(f"unknown secret {name!r}; known are: {', '.join(merged)}")
        if not value and name != "token_prefix":
            raise ValueError(f"the secret {name!r} must not be empty")
        merged[name] = value
    return merged


class Vault:
    """Issues tokens, and takes every secret out of what people get to see."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = settings.secrets["token_prefix"]
        self._hidden = {value for name, value in settings.secrets.items() if name != "token_prefix"}
        self._pattern = self._compile()

    def issue(self) -> str:
        """A new token, recognisable by its prefix and hidden from now on."""
        token = f"{self._prefix}{random_values.token_hex(16)}"
        self._hidden.add(token)
        self._pattern = self._compile()
        return token

    def _compile(self) -> re.Pattern[str]:
        # The longest first, so that a secret inside a longer one leaves no tail behind.
        return re.compile("|".join(re.escape(value) for value in sorted(self._hidden, key=len, reverse=True)))

    def mask(self, value: object) -> object:
        """A copy of a JSON value without secrets: by field name, and wherever a known one appears."""
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
    """The access tokens of one service, with the moment each of them ends."""

    def __init__(self, vault: Vault, clock: Clock, seconds: int) -> None:
        self._vault = vault
        self._clock = clock
        self._ends: dict[str, float] = {}
        self.seconds = seconds

    def issue(self) -> str:
        """A token that lives for the service's token lifetime."""
        token = self._vault.issue()
        self._ends[token] = self._clock.now() + self.seconds
        return token

    def verdict(self, token: str) -> Literal["good", "expired", "unknown"]:
        """What the service thinks of a token now."""
        ends = self._ends.get(token)
        if ends is None:
            return "unknown"
        return "good" if self._clock.now() < ends else "expired"

    def expire_all(self) -> None:
        """End every token now, as if its time had passed."""
        self._ends = dict.fromkeys(self._ends, 0.0)

    def __len__(self) -> int:
        return len(self._ends)
