"""Where notifications may go: no address through which a stranger reaches into our own network.

An EHR names the endpoint, and we send to it from inside. So the address is looked at when it is
told, and again each time that its name is resolved, because a name may lead elsewhere by then.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from services.interop.messages.model import Refusal

_WHERE = "Subscription.channel.endpoint"
_VISIBLE = re.compile(r"[!-~]{1,2000}")
_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAMES = (".localhost", ".internal", ".local", ".home.arpa")


def refuse_endpoint(url: str, *, private: bool) -> Refusal | None:
    """Why nothing is sent there; None where it may be. `private`: http and our own network too."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if not _VISIBLE.fullmatch(url) or not host or port == 0 or parts.fragment:
        return Refusal("endpoint", _WHERE, "send an absolute https address")
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        return Refusal("endpoint-not-https", _WHERE, "send an https address")
    if parts.username is not None or parts.password is not None:
        fix = "send the address without a user; what proves us goes into channel.header"
        return Refusal("endpoint-credentials", _WHERE, fix)
    if not private and not _may_be_public(host):
        fix = "send the address of a public host: this one is of a private network"
        return Refusal("endpoint-private", _WHERE, fix)
    return None


def _may_be_public(host: str) -> bool:
    """A name says so only when it is resolved."""
    try:
        return is_public(host)
    except ValueError:
        name = host.rstrip(".")
        return "." in name and not f".{name}".endswith(_LOCAL_NAMES) and not name[-1].isdigit()


def is_public(address: str) -> bool:
    """True for an IP address of the internet, also for the one inside an IPv6 address.

    ValueError where it is none.
    """
    found = _inner(ip_address(address))
    return found.is_global and not found.is_multicast


def _inner(found: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(found, IPv4Address):
        return found
    if found in _NAT64:
        return IPv4Address(int(found) & 0xFFFF_FFFF)
    return found.ipv4_mapped or found.sixtofour or found
