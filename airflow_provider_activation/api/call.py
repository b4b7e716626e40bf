"""One request and how to read its answer."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, BinaryIO, Generic, NoReturn, ParamSpec, Self, TypeAlias, TypeVar
from urllib.parse import quote

from airflow_provider_activation.api.rows import Rows, Unreadable, reason_of
from airflow_provider_activation.api.steps import hand_over
from airflow_provider_activation.errors import (
    ActivationError,
    InvalidRequest,
    Refused,
    UnfitAudience,
    UnreadableResponse,
)

P = ParamSpec("P")
T = TypeVar("T")

Query: TypeAlias = tuple[tuple[str, str], ...]
"""Query parameters in the order in which they are sent."""


class Safety(Enum):
    """What happens if the same call is sent twice. This alone decides whether a call is retried."""

    READ = "changes nothing"
    REPEATABLE = "writing twice equals writing once"
    ONCE = "writing twice is damage"


@dataclass(frozen=True)
class Answer:
    """A response, without the types of the HTTP library."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status says that it was done."""
        return 200 <= self.status < 300

    @cached_property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    @property
    def is_page(self) -> bool:
        """Whether it is a web page, which a proxy or a gateway sends in place of the service."""
        content_type = self.headers.get("Content-Type") or ""
        beginning = self.body[:100].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return content_type.lower().startswith("text/html") or beginning.startswith((b"<!doctype", b"<html"))

    @property
    def is_json(self) -> bool:
        """Whether it says that its body is JSON."""
        media_type = (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        return media_type == "application/json" or media_type.endswith("+json")

    @property
    def word(self) -> str:
        """The body as one word in lower case: services write ``true`` and ``True``, quoted or not."""
        return self.text.strip().strip('"').strip().lower()

    def json(self) -> Any:
        """The body as JSON, halves of characters replaced; raises ValueError if it is not JSON."""
        value = json.loads(self.body)
        if _HALF.search(self.body):
            text = json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")
            value = json.loads(text.decode(errors="replace"))
        return value


@dataclass(frozen=True)
class FileState:
    """What changes when a file is replaced or written to."""

    size: int
    rest: tuple[int, ...]

    @classmethod
    def of(cls, file: BinaryIO | Path) -> FileState:
        """The state of a path, or of an open file, which a new file under its name does not change."""
        found = file.stat() if isinstance(file, Path) else os.fstat(file.fileno())
        rest = found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns
        return cls(found.st_size, rest)


@dataclass(frozen=True)
class FileBody:
    """A file sent as a body, read in pieces while it is sent.

    :param content_type: its media type.
    :param encoding: its Content-Encoding, such as ``gzip``.
    :param state: what the file was when it was looked at; None for what it is when it is sent.
    """

    path: Path
    content_type: str
    piece: int = 256 * 1024
    encoding: str | None = None
    state: FileState | None = None

    @property
    def size(self) -> int:
        """Length in bytes."""
        return (self.state or FileState.of(self.path)).size

    def pieces(self) -> Iterator[bytes]:
        """The content. Its last piece comes only if the file has not changed since it was looked at.

        :raises UnfitAudience: it has changed or cannot be read. The request breaks off then, shorter than it
            said.
        """
        try:
            with self.path.open("rb") as file:
                state = self.state or FileState.of(file)
                left = state.size
                while left:
                    piece = file.read(min(self.piece, left))
                    left -= len(piece)
                    if not piece or FileState.of(file) != state:
                        raise self._broken_off("has changed while it was sent")
                    yield piece
        except OSError as error:
            raise self._broken_off(f"could not be read while it was sent ({error.strerror})") from None

    def _broken_off(self, why: str) -> UnfitAudience:
        return UnfitAudience(
            f"{self.path} {why}. The request was broken off before its last byte.",
            advice="Let nothing write to the file while it is sent; then clear the task.",
        )


class NotStored:
    """What may hold a secret: it cannot be pickled or copied."""

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} may hold a secret and cannot be pickled or copied.")


@dataclass(frozen=True)
class Token(NotStored):
    """The token that a log-in returns.

    :param headers: the headers that carry it on later calls.
    :param lifetime: seconds for which it is valid.
    :param secrets: its secret parts, to be kept out of logs.
    """

    headers: Mapping[str, str]
    lifetime: float
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Token(lifetime={self.lifetime})"


_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
NOTHING: Any = object()


@dataclass(frozen=True)
class Call(NotStored, Generic[T]):
    """One request and how to read its answer. It can be awaited in steps, see `api.steps`.

    :param template: the path with its variables in braces, for messages: it contains no argument.
    :param path: the path with every argument percent-encoded; see `path_of`.
    :param safety: what happens if the call is sent twice.
    :param read: makes a value of the response; raises an exception if it cannot.
    :param query: query parameters in order.
    :param json: a body to be sent as JSON, `NOTHING` for none; ``form`` and ``file`` are other bodies.
    :param into: a file that the body of the response is written to while it arrives; `read` then gets no
        body. The file appears under its name when it is complete, and replaces an older one.
    :param accepts: statuses besides 2xx that `read` understands.
    :param key_levels: levels of authentication key that may make the call; empty for any.
    :param url: an absolute address, for an endpoint outside the base address of the service.
    :param sends_audience: whether it sends people, or has a service send them to a destination.
    :param suppression_proven: whether a manifest has shown that suppressed people were left out of these.
    :param service: the service's name as a person writes it; `endpoint_of` fills in both names.
    """

    method: str
    template: str
    path: str
    safety: Safety
    read: Callable[[Answer], T]
    query: Query = ()
    json: Any = NOTHING
    form: Mapping[str, str] = field(default_factory=dict)
    file: FileBody | None = None
    into: Path | None = None
    accepts: frozenset[int] = frozenset()
    key_levels: frozenset[str] = frozenset()
    url: str | None = None
    sends_audience: bool = False
    suppression_proven: bool = False
    service: str = ""
    operation: str = ""

    @property
    def is_unproven(self) -> bool:
        """Whether it sends an audience of which nothing shows that people were suppressed; a file is one."""
        return (self.sends_audience or self.file is not None) and not self.suppression_proven

    def proven(self, suppression_proven: bool) -> Self:
        """The same call, where it is known whether a manifest has shown suppression."""
        return replace(self, suppression_proven=suppression_proven)

    @property
    def is_file(self) -> bool:
        """Whether a file is sent or received."""
        return self.file is not None or self.into is not None

    def __await__(self) -> Generator[Any, Any, T]:
        return hand_over(self)

    def __repr__(self) -> str:
        # bodies and paths may hold a secret or a person's data
        return f"<{self.service} {self.operation}: {self.method} {self.template}>"

    def parse(self, answer: Answer) -> T:
        """Read a response.

        :raises UnreadableResponse: it is not what the service documents.
        :raises Refused: it is the word ``false``.
        """
        context: Any = {"service": self.service, "operation": self.operation, "status": answer.status}
        if answer.word == "false":
            raise Refused("it answered false: it was not done.", **context)
        try:
            if answer.is_page:
                raise ValueError("it is a web page")
            if self.into is not None and (answer.status != 200 or answer.is_json):
                raise ValueError("it is not the file")
            return self.read(answer)
        except ActivationError:
            raise
        except Exception as error:
            raise UnreadableResponse(
                f"it answered {answer.status} with a body that cannot be read: {reason_of(error)}.",
                body=answer.text,
                **context,
            ) from None


def endpoint_of(service: str) -> Callable[[Callable[P, Call[T]]], Callable[P, Call[T]]]:
    """Decorate the function that returns an endpoint's call of this service: its name is the operation's."""

    def named(function: Callable[P, Call[T]]) -> Callable[P, Call[T]]:
        @wraps(function)
        def call_of(*args: P.args, **kwargs: P.kwargs) -> Call[T]:
            return replace(function(*args, **kwargs), service=service, operation=function.__name__)

        return call_of

    return named


def request(
    method: str,
    template: str,
    safety: Safety,
    read: Callable[[Answer], T],
    *,
    query: Query = (),
    json: Any = NOTHING,
    form: Mapping[str, str] | None = None,
    file: FileBody | None = None,
    into: Path | None = None,
    accepts: tuple[int, ...] = (),
    key_levels: tuple[str, ...] = (),
    url: str | None = None,
    sends_audience: bool = False,
    **ids: Any,
) -> Call[T]:
    """The call of an endpoint; see `Call`.

    :param ids: a value for each variable of the template.
    :raises InvalidRequest: an id cannot stand in a path, see `path_of`.
    """
    return Call(
        method,
        template,
        path_of(template, **ids),
        safety,
        read,
        query=query,
        json=json,
        form=form or {},
        file=file,
        into=into,
        accepts=frozenset(accepts),
        key_levels=frozenset(key_levels),
        url=url,
        sends_audience=sends_audience,
    )


def get(template: str, read: Callable[[Answer], T], **options: Any) -> Call[T]:
    """The call of an endpoint that only reads; see `request`."""
    return request("GET", template, Safety.READ, read, **options)


def post(template: str, read: Callable[[Answer], T], body: Any, **options: Any) -> Call[T]:
    """The call of an endpoint that makes something, and is not to be called twice; see `request`."""
    return request("POST", template, Safety.ONCE, read, json=body, **options)


def put(template: str, read: Callable[[Answer], T], body: Any, **options: Any) -> Call[T]:
    """The call of an endpoint that overwrites what is stored; see `request`."""
    return request("PUT", template, Safety.REPEATABLE, read, json=body, **options)


def delete(template: str, read: Callable[[Answer], T], **options: Any) -> Call[T]:
    """The call of an endpoint that deletes; see `request`."""
    return request("DELETE", template, Safety.REPEATABLE, read, **options)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list.

    :param following: the query of the page after it; None for the last one.
    :param unreadable: the rows that were left out.
    :param remark: what whoever reads the log should know of it.
    """

    items: tuple[T, ...]
    following: Query | None = None
    unreadable: tuple[Unreadable, ...] = ()
    remark: str | None = None


async def every_page(call: Call[Page[T]]) -> Rows[T]:
    """All items of a paged list.

    :raises UnreadableResponse: the service returns the same page again and again.
    """
    items: Rows[T] = Rows()
    seen = {call.query}
    while True:
        page = await call
        items.extend(page.items)
        items.unreadable.extend(page.unreadable)
        if page.following is None:
            return items
        if page.following in seen:
            what = "the list's cursor repeats; reading on would never end."
            raise UnreadableResponse(what, service=call.service, operation=call.operation)
        seen.add(page.following)
        call = replace(call, query=page.following)


_UNFIT_FOR_A_SEGMENT = re.compile(r"[/\\\x00-\x1f\x7f]")


def fits_a_path(text: str) -> bool:
    """Whether an id can stand in a path: not empty, no ``.`` or ``..``, no slash or control character."""
    return text.strip() not in ("", ".", "..") and not _UNFIT_FOR_A_SEGMENT.search(text)


def path_of(template: str, **arguments: Any) -> str:
    """Fill the variables of a path. Every argument is percent-encoded, so that it stays one segment.

    :raises InvalidRequest: an argument does not fit, see `fits_a_path`.
    """
    encoded = {}
    for name, value in arguments.items():
        text = str(value)
        if not isinstance(value, str | int) or isinstance(value, bool) or not fits_a_path(text):
            raise InvalidRequest(f"{name} must be an id, without slashes and not empty, but is {text!r}.")
        try:
            encoded[name] = quote(text, safe="")
        except UnicodeEncodeError:
            raise InvalidRequest(f"{name} must be an id, but holds half of a character.") from None
    return template.format(**encoded)


def query_of(**parameters: str | int | bool | None) -> Query:
    """Query parameters in the order given, without those that are None."""
    return tuple(
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, value in parameters.items()
        if value is not None
    )
