"""The parts of pages that are made from the code, between two comments."""

from __future__ import annotations


def with_part(text: str, begin: str, end: str, made: str) -> str:
    """A page's text in which this part is as it should be; the comments stay."""
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return before + begin + made + end + after
