"""The broken lines, one file for a room of the package."""

from __future__ import annotations

from scripts.sabotage.entries import (
    actions,
    api,
    audience,
    hooks,
    operators,
    package,
    pages,
    storage,
    transport,
    waits,
)
from scripts.sabotage.entry import Sabotage

ROOMS = (actions, api, audience, hooks, operators, package, pages, storage, transport, waits)

SABOTAGES: tuple[Sabotage, ...] = tuple(one for room in ROOMS for one in room.SABOTAGES)
