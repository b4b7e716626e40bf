"""Bodies: a file that is sent, and the body of a response as it arrives, never larger than it may be."""

from __future__ import annotations

import asyncio
import os
import secrets
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path

import httpx

from airflow_provider_activation.api.call import Answer, FileBody
from airflow_provider_activation.errors import AudienceNotWritten
from airflow_provider_activation.redaction import logger

log = logger(__name__)

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes, decoded. A larger response that is no file is refused."""
QUOTABLE = 64 * 1024
"""Bytes of an error's body that are read; the rest is left."""
BEGINNING = 100
"""Bytes that show whether a body is a web page."""
DECODED_AT_ONCE = 1024 * 1024
"""Bytes that a compressed body is decoded to before they are written."""
ACCEPT_ENCODING = "gzip, deflate"


class UnfitBody(Exception):
    """The body of a response that is too large, not in the encoding it claims, or not the file asked for.

    :param is_cut: it ends too early, as after a broken connection.
    """

    status = 0
    """Of the response."""

    def __init__(self, why: str, *, is_cut: bool = False) -> None:
        super().__init__(why)
        self.is_cut = is_cut


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A file as a request body, for threads and for event loops."""

    def __init__(self, file: FileBody) -> None:
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        return self._file.pieces()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = self._file.pieces()
        while piece := await asyncio.to_thread(next, pieces, b""):
            yield piece


class Body:
    """The body of a response, decoded piece by piece as it arrives.

    :param headers: of the response.
    :param write: takes the decoded pieces.
    :param most: bytes that it may have, decoded.
    :param cut: what to do with more: leave it, or refuse the body.
    :raises UnfitBody: it is in an encoding that was not asked for.
    """

    def __init__(
        self, headers: Mapping[str, str], write: Callable[[bytes], object], *, most: float, cut: bool
    ) -> None:
        self._write, self._most, self._cut = write, most, cut
        self._size = 0
        self.beginning = b""
        self.complete = True
        encoding = (headers.get("Content-Encoding") or "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
            raise UnfitBody(f"its Content-Encoding is {encoding!r}, which was not asked for")
        self.encoded = encoding != "identity"
        self._decoder = _Decoder() if self.encoded else None

    def take(self, piece: bytes) -> bool:
        """Take the next piece. Returns whether more is wanted.

        :raises UnfitBody: it is too large or cannot be decoded.
        """
        return all(map(self._keep, (piece,) if self._decoder is None else self._decoder.decoded(piece)))

    def end(self) -> None:
        """Check that it is whole.

        :raises UnfitBody: it ends too early.
        """
        if self._decoder is not None and self.complete:
            self._keep(self._decoder.end())

    def _keep(self, part: bytes) -> bool:
        if len(self.beginning) < BEGINNING:
            self.beginning += part[:BEGINNING]
        self._size += len(part)
        self.complete = self._size <= self._most
        if not self.complete:
            if not self._cut:
                raise UnfitBody(f"its body has more than {self._most / 1024**2:.0f} MiB")
            part = part[: len(part) - int(self._size - self._most)]
        self._write(part)
        return self.complete


class _Decoder:
    """gzip or deflate, with as many members as there are, in steps of a size that memory can hold."""

    def __init__(self) -> None:
        self._inner: zlib._Decompress | None = None

    def decoded(self, piece: bytes) -> Iterator[bytes]:
        try:
            while piece:
                if self._inner is None or self._inner.eof:
                    self._inner = _decompressor(piece)
                yield self._inner.decompress(piece, DECODED_AT_ONCE)
                piece = self._inner.unused_data if self._inner.eof else self._inner.unconsumed_tail
        except zlib.error as error:
            raise UnfitBody(f"its body cannot be decoded ({error})") from None

    def end(self) -> bytes:
        if self._inner is None:
            return b""
        rest = self._inner.flush()
        if not self._inner.eof:
            raise UnfitBody("its compressed body ends too early", is_cut=True)
        return rest


def _decompressor(beginning: bytes) -> zlib._Decompress:
    # some services send deflate without its header, which begins with this
    with_header = beginning[:1] == b"\x1f" or beginning[0] & 0x0F == zlib.DEFLATED
    return zlib.decompressobj(zlib.MAX_WBITS | 32 if with_header else -zlib.MAX_WBITS)


class Received:
    """A response and its body while it arrives.

    :param into: the file for the body of a good response.
    :param accepted: whether the response will be read, and is not only quoted in an error.
    """

    def __init__(self, response: httpx.Response, into: Path | None, *, accepted: bool) -> None:
        self._response, self._into, self._accepted = response, into, accepted
        self._parts: list[bytes] = []

    @contextmanager
    def body(self) -> Iterator[Body]:
        """Where the body goes. It is whole when the block has ended without an error.

        :raises UnfitBody: it cannot be taken.
        """
        try:
            with self._place() as body:
                yield body
        except UnfitBody as unfit:
            unfit.status = self._response.status_code
            raise

    @contextmanager
    def _place(self) -> Iterator[Body]:
        headers = self._response.headers
        # whatever else the service answers does not replace the file
        if self._into is not None and self._response.status_code == 200 and not self.answer().is_json:
            if not headers.keys() & {"content-length", "transfer-encoding", "content-encoding"}:
                log.warning("The response does not say where its body ends: a file cut short looks whole.")
            with whole_or_nothing(self._into) as write:
                body = Body(headers, write, most=inf, cut=False)
                yield body
                body.end()
                begun = Answer(200, headers, body.beginning)
                if begun.is_page or begun.word == "false":
                    raise UnfitBody("it is a web page, or the word false, and not the file")
        else:
            most = LARGEST_BODY if self._accepted else QUOTABLE
            body = Body(headers, self._parts.append, most=most, cut=not self._accepted)
            yield body
            body.end()

    def refuse_surplus(self, size: int) -> None:
        """Refuse a file that is longer than the response says, as far as its surplus has arrived.

        :param size: bytes that have arrived.
        :raises UnfitBody: more than it says.
        """
        length = self._response.headers.get("Content-Length", "")
        is_told = length.isdecimal() and "Transfer-Encoding" not in self._response.headers
        if self._into is not None and is_told and size > int(length):
            raise UnfitBody(f"its body has more than the {length} bytes that it says")

    def answer(self) -> Answer:
        """The response with its whole body; without the body if that went into the file."""
        return Answer(self._response.status_code, self._response.headers, b"".join(self._parts))


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[Callable[[bytes], object]]:
    """What writes a file that appears under its name when the block has ended without an error.

    Only its user can read it.

    :raises AudienceNotWritten: the disk refuses it. A retry of the call would meet the same disk.
    """
    # a name of its own: another task may write the same file, and a link may stand under a name known before
    partial = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.partial")
    try:
        with _told(path):
            file = os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")

        def write(piece: bytes) -> None:
            with _told(path):
                file.write(piece)

        try:
            yield write
            with _told(path):
                file.flush()
        finally:
            with suppress(OSError):
                file.close()
        with _told(path):
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AudienceNotWritten(f"{path} cannot be written ({error.strerror}).") from None
