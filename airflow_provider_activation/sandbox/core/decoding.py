"""Request bodies that are compressed."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from airflow_provider_activation.sandbox.core.errors import Invalid, Refused
from airflow_provider_activation.sandbox.core.messages import Chunks

AT_ONCE = 256 * 1024
"""Bytes that are decoded at once."""
LARGEST = 8 * 1024**3
"""Bytes of a decoded body."""


async def decoded(chunks: Chunks, encoding: str | None) -> AsyncIterator[bytes]:
    """The chunks of a body as they were before it was compressed, none larger than `AT_ONCE`."""
    encoding = (encoding or "identity").strip().lower()
    if encoding == "identity":
        async for chunk in chunks:
            yield chunk
        return
    if encoding not in ("gzip", "x-gzip"):
        raise Refused(415, "Content-Encoding must be gzip")
    decoder, size = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
    async for chunk in chunks:
        while chunk:
            if decoder.eof:
                decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)
            try:
                part = decoder.decompress(chunk, AT_ONCE)
            except zlib.error:
                raise Invalid("the body is not gzip") from None
            chunk = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
            size += len(part)
            if size > LARGEST:
                raise Refused(413, "the body is too large")
            yield part
    if not decoder.eof:
        raise Invalid("the gzip of the body ends too early")
