"""The sign-in to Dataddo."""

from __future__ import annotations

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Refused
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.reading import Fields
from airflow_provider_activation.sandbox.core.routing import Operations
from airflow_provider_activation.sandbox.core.service import Service

REALM_ID = 101
PROVIDER = "password"


class SignIn(Operations):
    """The operation that issues tokens."""

    table = (("POST", "/auth", "sign_in"),)

    def __init__(self, service: Service) -> None:
        self._service = service

    def sign_in(self, request: Request) -> Response:
        """Issue two tokens for an e-mail and a password."""
        request.need_no_query()
        service = self._service
        fields = Fields(request.json())
        email, password = (
            fields.need("email", checks.filled_text),
            fields.need("password", checks.filled_text),
        )
        fields.end()
        if (email, password) != (
            service.settings.secret("dataddo_email"),
            service.settings.secret("dataddo_password"),
        ):
            raise Refused(401, "the e-mail or the password is wrong")
        return Response.json(
            {
                "access_token": service.tokens.issue(),
                "refresh_token": service.vault.issue(),
                "expires_in": service.tokens.seconds,
                "realm_id": REALM_ID,
                "provider": PROVIDER,
            }
        )
