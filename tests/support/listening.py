"""Where processes listen."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from socket import SOCK_DGRAM

import psutil


def listening(pids: Iterable[int]) -> list[str]:
    """The addresses, each with its port, at which processes take connections or datagrams."""
    found = set()
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            for socket in psutil.Process(pid).net_connections("inet"):
                # a datagram socket without a peer takes whatever comes
                takes_all = socket.type == SOCK_DGRAM and not socket.raddr
                if socket.laddr and (socket.status == psutil.CONN_LISTEN or takes_all):
                    found.add(f"{socket.laddr.ip} {socket.laddr.port}")
    return sorted(found)


def beyond_loopback(pids: Iterable[int]) -> list[str]:
    """Those of the addresses that another machine can reach."""
    return [address for address in listening(pids) if not ip_address(address.split()[0]).is_loopback]
