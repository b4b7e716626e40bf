"""Pages of a list: `limit`, an `after` cursor, and `_pagination`."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.errors import Invalid
from airflow_provider_activation.sandbox.core.messages import Response
from airflow_provider_activation.sandbox.core.reading import Query

T = TypeVar("T")

DEFAULT_LIMIT = 10
MAX_LIMIT = 100


def page(
    query: Query,
    key: str,
    items: Sequence[T],
    show: Callable[[T], Any] = lambda item: item,
    number: Callable[[T], int] | None = None,
) -> Response:
    """The response with one page of a list. `show` is called for the items of the page only.

    A list from which items are removed needs `number`, which increases from item to item. Its cursor is the
    number of the last item. Other cursors are positions.
    """
    limit = query.whole("limit", 1, MAX_LIMIT) or DEFAULT_LIMIT
    after = query.may("after", checks.filled_text)
    query.end()
    start = 0 if after is None else _place(after)
    if after is not None and number is not None:
        start = bisect_right(items, start, key=number)
    elif start > len(items):
        raise Invalid("after is not a cursor of this list")
    end = start + limit
    cursor = None
    if end < len(items):
        cursor = _cursor(end if number is None else number(items[end - 1]))
    return Response.json(
        {
            key: [show(item) for item in items[start:end]],
            "_pagination": {"after": cursor, "total": len(items)},
        }
    )


def _cursor(place: int) -> str:
    # Opaque to the client.
    return base64.urlsafe_b64encode(f"after:{place}".encode()).decode()


def _place(cursor: str) -> int:
    try:
        word, _, digits = (
            base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii").partition(":")
        )
        if word != "after":
            raise ValueError(word)
        return int(digits)
    except (ValueError, binascii.Error):
        raise Invalid("after is not a cursor of this list") from None
