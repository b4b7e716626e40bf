"""What Airflow reads at start-up. Imports nothing.

The connection forms are written here once: Airflow 3.2 and later draw them from this table, for 3.1
the hooks make them of the same table (`airflow_provider_activation.hooks.base`).
"""

from __future__ import annotations

from typing import Any

_PACKAGE = "airflow_provider_activation"


def _field(label: str, description: str, **schema: Any) -> dict[str, Any]:
    schema.setdefault("type", ["string", "null"])
    return {"label": label, "description": description, "schema": schema}


_COMMON_FIELDS: dict[str, Any] = {
    "timeout": _field(
        "Timeout",
        "Seconds to wait for a connection and for each part of an answer; 30 if empty.",
        type=["number", "null"],
        minimum=0.1,
        maximum=3600,
    ),
    "max_retries": _field(
        "Max retries",
        "How often a call that may be repeated is sent again; 4 if empty.",
        type=["integer", "null"],
        minimum=0,
        maximum=100,
    ),
    "verify": _field(
        "Verify",
        "How certificates are checked: a file or a folder of your own authorities, or true or false. If "
        "empty, the authorities that REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE or SSL_CERT_DIR in "
        "the environment name, or else the usual ones.",
    ),
    "proxy": _field(
        "Proxy",
        "Address such as http://proxy.example:3128, where the environment's proxy is not the right one.",
    ),
    "allow_http": _field(
        "Allow http",
        "For a private gateway without https: calls and credentials then travel without encryption.",
        type=["boolean", "null"],
    ),
    "require_suppression": _field(
        "Require suppression",
        "Send an audience only with the manifest of its preparation in the same run, which names a list of "
        "suppressed people with rows.",
        type=["boolean", "null"],
    ),
}

_KEPT = "Sent as it is, blanks included; a line end at its end is taken off"
"""What becomes of a password."""

CONNECTION_TYPES: list[dict[str, Any]] = [
    {
        "connection-type": "liveramp",
        "hook-class-name": f"{_PACKAGE}.hooks.liveramp.LiveRampHook",
        "hook-name": "LiveRamp",
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port"],
            "relabeling": {"host": "Base URL", "login": "Service account", "password": "Secret key"},
            "placeholders": {
                "host": "https://api.liveramp.com/activation",
                "login": "account.v2.serviceaccounts.liveramp.com; blanks around it are taken off",
                "password": _KEPT,
            },
        },
        "conn-fields": {
            "org_id": _field(
                "Organisation id", "Sent as LR-Org-ID with every call; required.", type="string"
            ),
            "auth_url": _field(
                "Log-in URL",
                "The whole address where tokens are requested, if not LiveRamp's own. In earlier connections "
                "its name is token_url, which is read too.",
            ),
            "segment_ids_parameter": _field(
                "Segment ids parameter",
                "The query parameter that names segments; segmentIDs, as the documents have it, if empty.",
                enum=["segmentIDs", "segmentIDs[]"],
                default="segmentIDs",
            ),
            **_COMMON_FIELDS,
        },
    },
    {
        "connection-type": "acoustic_exchange",
        "hook-class-name": f"{_PACKAGE}.hooks.acoustic_exchange.AcousticExchangeHook",
        "hook-name": "Acoustic Exchange",
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port", "login"],
            "relabeling": {"host": "Base URL", "password": "Authentication key"},
            "placeholders": {
                "host": "https://the address Acoustic assigned to your account",
                "password": "Blanks and line ends around it are taken off: it travels in a header",
            },
        },
        "conn-fields": {
            "key_level": _field(
                "Key level",
                "What the authentication key is for; account if empty.",
                enum=["account", "endpoint", "application"],
                default="account",
            ),
            **_COMMON_FIELDS,
        },
    },
    {
        "connection-type": "delta_projects",
        "hook-class-name": f"{_PACKAGE}.hooks.delta_projects.DeltaProjectsHook",
        "hook-name": "Delta Projects",
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port", "login"],
            "relabeling": {"host": "Base URL", "password": "API key"},
            "placeholders": {"host": "https://the address Delta Projects gave you", "password": _KEPT},
        },
        "conn-fields": {
            "media_agency_id": _field(
                "Media agency id", "From your Delta Projects representative; for tasks that name no other."
            ),
            "client_id": _field(
                "Client id", "The client whose activities are managed; for tasks that name no other."
            ),
            **_COMMON_FIELDS,
        },
    },
    {
        "connection-type": "dataddo",
        "hook-class-name": f"{_PACKAGE}.hooks.dataddo.DataddoHook",
        "hook-name": "Dataddo",
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port"],
            "relabeling": {"host": "Base URL", "login": "E-mail"},
            "placeholders": {
                "host": "https://headless.dataddo.com/customer-api/v1",
                "login": "Blanks around it are taken off",
                "password": _KEPT,
            },
        },
        "conn-fields": dict(_COMMON_FIELDS),
    },
]

_SERVICES = {
    "liveramp": ("LiveRamp", "https://developers.liveramp.com/activation-api"),
    "acoustic_exchange": ("Acoustic Exchange", "https://developer.goacoustic.com/acoustic-exchange"),
    "delta_projects": ("Delta Projects", "https://docs.deltaprojects.com/api/general.html"),
    "dataddo": ("Dataddo", "https://docs.dataddo.com/headless"),
}
"""Each service's name, and the address of its documents."""


_AUDIENCE_FILES = (
    "Audience files",
    "https://github.com/airflow-provider-activation/airflow-provider-activation#readme",
)
_AUDIENCES = {"integration-name": "Audience files", "python-modules": [f"{_PACKAGE}.operators.audience"]}


def _modules(kind: str, *services: str) -> list[dict[str, Any]]:
    return [
        {"integration-name": _SERVICES[service][0], "python-modules": [f"{_PACKAGE}.{kind}.{service}"]}
        for service in services
    ]


def get_provider_info() -> dict[str, Any]:
    """The provider's metadata, in the form of Airflow's ``provider_info.schema.json``."""
    return {
        "package-name": "airflow-provider-activation",
        "name": "Activation",
        "description": "Activate audiences on LiveRamp, Acoustic Exchange, Delta Projects and Dataddo.",
        "integrations": [
            {"integration-name": name, "external-doc-url": address, "tags": ["service"]}
            for name, address in (*_SERVICES.values(), _AUDIENCE_FILES)
        ],
        "hooks": _modules("hooks", *_SERVICES),
        "operators": [*_modules("operators", *_SERVICES), _AUDIENCES],
        "sensors": _modules("sensors", *_SERVICES),
        "triggers": _modules("triggers", "liveramp", "acoustic_exchange", "dataddo"),
        "connection-types": CONNECTION_TYPES,
        "extra-links": [f"{_PACKAGE}.links.liveramp.LiveRampAuthorizeLink"],
    }
