"""The options of a sandbox, and its credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from airflow_provider_activation.sandbox.core.clock import Clock

DEFAULT_PORT = 8765

# These credentials are valid in the sandbox only. Keys of Acoustic Exchange may end in a region like ":US".
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


@dataclass(frozen=True)
class Settings:
    """The options of one sandbox. All services have the same ones."""

    consent: Literal["auto", "manual"] = "manual"
    step_seconds: float = 1.0
    token_seconds: int | None = None
    secrets: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_SECRETS))
    host: str = "127.0.0.1"
    url: str = ""
    clock: Clock = field(default_factory=Clock)
    tenants: int = 0
    """The number of accounts besides the first one, for services that have several."""

    def secret(self, name: str, tenant: str = "") -> str:
        """The credential with a name, of the first account or of a tenant."""
        return f"{tenant}-{self.secrets[name]}" if tenant else self.secrets[name]

    @property
    def tenant_names(self) -> list[str]:
        """What the tenants are called. Their connections have it in their ids."""
        width = max(2, len(str(self.tenants)))
        return [f"tenant_{number:0{width}}" for number in range(1, self.tenants + 1)]


def merge_secrets(given: Mapping[str, str] | None) -> dict[str, str]:
    """The default credentials, with the given ones in place of theirs. An unknown name is an error."""
    merged = dict(DEFAULT_SECRETS)
    for name, value in (given or {}).items():
        if name not in merged:
            raise ValueError(f"unknown secret {name!r}; known are: {', '.join(merged)}")
        if not value and name != "token_prefix":
            raise ValueError(f"the secret {name!r} must not be empty")
        merged[name] = value
    return merged
