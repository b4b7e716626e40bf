"""Servers that a test needs, and what becomes of the test where they are not installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

import pytest

from scripts.postgresql import NotInstalled

T = TypeVar("T")


@contextmanager
def needed(server: AbstractContextManager[T]) -> Iterator[T]:
    """Run a server that a test needs until the block ends; yields what it is reached by.

    Where it is not installed the test is skipped, except where the environment says ``CI``.
    """
    with ExitStack() as stack:
        try:
            address = stack.enter_context(server)
        except NotInstalled as missing:
            if os.environ.get("CI"):
                pytest.fail(f"{missing} Where CI is set, it has to be.")
            pytest.skip(str(missing))
        yield address
