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
from airflow_provider_activation.sandbox.core.traits import Traits

T = TypeVar("T")

DEFAULT_LIMIT = 10
MAX_LIMIT = 100


def _id(item: Any) -> int:
    return int(item["id"] if isinstance(item, dict) else item.id)


def page(
    traits: Traits,
    query: Query,
    key: str,
    items: Sequence[T],
    show: Callable[[T], Any] = lambda item: item,
    number: Callable[[T], int] = _id,
) -> Response:
    """The response with one page of a list. `show` is called for the items of the page only.

    A number, by default the id, increases from item to item. The cursor is the number of the last item.
    """
    limit = query.whole("limit", 1, MAX_LIMIT) or DEFAULT_LIMIT
    after = query.may("after", checks.filled_text)
    query.end()
    last = None if after is None else _place(after)
    unread = [] if last is None else items[bisect_right(items, last, key=number) :]
    moved, rest = traits.turn(key, items, number, unread)
    if last is not None:
        moved, rest = (), rest[bisect_right(rest, last, key=number) :]
    in_order = rest[: limit - len(moved)]
    cursor = None
    if len(in_order) < len(rest):
        cursor = _cursor(number(in_order[-1]) if in_order else number(rest[0]) - 1)
    shown = [*moved, *in_order]
    return Response.json(
        {key: [show(item) for item in shown], "_pagination": {"after": cursor, "total": len(items)}}
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
