"""The two ways in which a request fails."""

from __future__ import annotations


class Invalid(Exception):
    """A malformed request; the message says why."""


class Refused(Exception):
    """A request that the service does not carry out. Each service sends it in the vendor's form."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
