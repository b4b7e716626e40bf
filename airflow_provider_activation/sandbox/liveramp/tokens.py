"""LiveRamp's token endpoint."""

from __future__ import annotations

from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.messages import Request, Response
from airflow_provider_activation.sandbox.core.routing import Operations
from airflow_provider_activation.sandbox.core.service import Service


class TokenEndpoint(Operations):
    """The operation that issues tokens."""

    table = (("POST", "/authn/v1/oauth2/token", "issue_token"),)

    def __init__(self, service: Service) -> None:
        self._service = service

    def issue_token(self, request: Request) -> Response:
        """Issue a token for a password grant. Errors have the form of OAuth."""
        service = self._service
        try:
            request.need_no_query()
            pairs = request.form()
        except Invalid as refused:
            return _grant_error("invalid_request", str(refused))
        given = dict(pairs)
        if len(given) < len(pairs):
            return _grant_error("invalid_request", "a parameter is repeated")
        known = {"grant_type", "username", "password", "client_id", "scope", "response_type"}
        for name in ("grant_type", "username", "password", "client_id"):
            if not given.get(name):
                return _grant_error("invalid_request", f"{name} is required")
        if unknown := sorted(set(given) - known):
            return _grant_error("invalid_request", f"unknown parameter {unknown[0]}")
        if given["grant_type"] != "password":
            return _grant_error("unsupported_grant_type", "grant_type must be password")
        if given["client_id"] != "liveramp-api":
            return _grant_error("invalid_client", "client_id must be liveramp-api")
        if given.get("scope", "openid") != "openid":
            return _grant_error("invalid_scope", "scope must be openid")
        if given.get("response_type", "token") != "token":
            return _grant_error("unsupported_response_type", "response_type must be token")
        if (given["username"], given["password"]) != (
            service.settings.secret("liveramp_service_account"),
            service.settings.secret("liveramp_secret_key"),
        ):
            return _grant_error("invalid_grant", "the account id or the secret key is wrong")
        return Response.json(
            {
                "access_token": service.tokens.issue(),
                "token_type": "Bearer",
                "expires_in": service.tokens.seconds,
            }
        )


def _grant_error(error: str, description: str) -> Response:
    return Response.json({"error": error, "error_description": description}, 400)
