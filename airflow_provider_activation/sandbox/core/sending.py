"""Responses on the wire, also broken ones."""

from __future__ import annotations

import asyncio

from starlette.requests import Request as HttpRequest
from starlette.types import Send

from airflow_provider_activation.sandbox.core.messages import Response

SURPLUS = 1024
"""The bytes that a response with too long a Content-Length lacks."""

BLANKS = b" " * 65536


async def send_response(
    http: HttpRequest, send: Send, response: Response, what: str | None = None, seconds: float = 0.0
) -> None:
    """Send a response. `what` is a misbehaviour; only those about the body have an effect here."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = response.body
    if response.status in (204, 304):
        body, what = b"", None
    else:
        if response.content_type is not None:
            headers.setdefault("content-type", response.content_type)
        if what != "endless":
            announced = {"long_length": len(body) + SURPLUS, "short_length": len(body) // 2}
            headers["content-length"] = str(announced.get(what or "", len(body)))
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": encoded})

    async def more(part: bytes) -> None:
        await send({"type": "http.response.body", "body": part, "more_body": True})

    transport = _transport(http)
    match what:
        case "half_body":
            await more(body[: len(body) // 2])
            await hang_up(http, after_writing=True)
        case "long_length":
            await more(body)
            await hang_up(http, after_writing=True)
        case "short_length":
            # The server does not write more than was announced.
            await more(body[: len(body) // 2])
            transport.write(body[len(body) // 2 :])
            # Otherwise the rest would be the beginning of the next response.
            await hang_up(http, after_writing=True)
        case "endless":
            await more(body)
            while not await _gone(http, seconds):
                await more(BLANKS)
        case "drip":
            for position in range(len(body)):
                await more(body[position : position + 1])
                if await _gone(http, seconds):
                    return
            await send({"type": "http.response.body", "body": b""})
        case _:
            await send({"type": "http.response.body", "body": body})


async def hang_up(http: HttpRequest, after_writing: bool = False) -> None:
    """Close the connection, which looks like a broken network: no status line and no error page."""
    transport = _transport(http)
    if after_writing:
        transport.close()
    else:
        transport.abort()
    while (await http.receive())["type"] != "http.disconnect":
        pass


async def _gone(http: HttpRequest, seconds: float) -> bool:
    """Wait for some seconds, or until the caller hangs up; whether it did."""
    try:
        # with no seconds too it is asked once; `wait_for` would not ask
        async with asyncio.timeout(seconds):
            message = await http.receive()
    except TimeoutError:
        return False
    return bool(message["type"] == "http.disconnect")


def _transport(http: HttpRequest) -> asyncio.Transport:
    # The protocol puts its transport into the scope (see server.py).
    transport: asyncio.Transport = http.scope["state"]["transport"]
    return transport
