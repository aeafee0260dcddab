"""Where may be sent to: addresses of the public internet and ports of a list, and nowhere inside. Pure.

An address is judged when it is given, by what it says, and each time that something is sent, by what it then resolves
to: whoever owns a name may point it anywhere, at any moment.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Self
from urllib.parse import urlsplit

from regulars.base.settings import Settings
from regulars.features.webhooks.model import WebhookUrlRefused

__all__ = ["Policy", "Target"]

URL_MAX: Final = 2_000
HTTPS: Final = 443
HTTP: Final = 80
PORT_OF: Final = {"https": HTTPS, "http": HTTP}
HOST: Final = re.compile(
    r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
)
# A name that ends in a number is an IPv4 address to many resolvers, however it is written: 127.1, 0x7f.1, 2130706433.
NUMBER: Final = re.compile(r"(.*\.)?(0[xX][0-9a-fA-F]*|[0-9]+)\.?")
GLOBAL_V6: Final = ip_network("2000::/3")
NEVER: Final = (
    # Ways to other networks: whoever answers there may be anybody. Python calls some of them global.
    ip_network("192.88.99.0/24"),
    ip_network("2001::/23"),
    ip_network("2002::/16"),
    ip_network("64:ff9b::/96"),
    ip_network("3fff::/20"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address taken apart."""

    scheme: str
    host: str
    """A name, or an IP address without brackets."""
    port: int
    path: str
    """With the query."""

    @property
    def authority(self) -> str:
        """As the header Host says it."""
        return _write_authority(self.scheme, self.host, self.port)

    def at(self, address: str) -> str:
        """Write the address with an IP address in place of the name."""
        return f"{self.scheme}://{_write_authority(self.scheme, address, self.port)}{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator allows."""

    allow: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks that are no public ones and may be sent to all the same."""
    ports: frozenset[int] = frozenset({HTTP, HTTPS})
    http: bool = False
    """Whether without TLS too."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take the policy out of the settings."""
        ports = frozenset({HTTP, HTTPS, *settings.webhooks_ports})
        return cls(allow=settings.webhooks_allow, ports=ports, http=settings.webhooks_http)

    def read(self, url: str) -> Target:
        """Take an address apart. Raises WebhookUrlRefused where nothing may be sent to it, whatever it resolves to."""
        try:
            parts = urlsplit(url)
            port = PORT_OF.get(parts.scheme, 0) if parts.port is None else parts.port
            host = (parts.hostname or "").lower()
        except ValueError as error:
            raise WebhookUrlRefused("This is not an address such as https://example.com/hooks.") from error
        if len(url) > URL_MAX or re.search(r"[^\x21-\x7e]|\\", url):
            raise WebhookUrlRefused(f"An address is at most {URL_MAX} letters of ASCII, without spaces.")
        if parts.scheme not in PORT_OF or (parts.scheme == "http" and not self.http):
            raise WebhookUrlRefused("The address must begin with https:// (or the operator allows http).")
        if parts.username is not None or parts.password is not None or "#" in url:
            raise WebhookUrlRefused("The address must have no password and no fragment: messages are signed.")
        if port not in self.ports:
            told = ", ".join(str(each) for each in sorted(self.ports))
            raise WebhookUrlRefused(f"Nothing is sent to port {port}; the ports are {told}.", port=port)
        self._check_host(host)
        return Target(
            scheme=parts.scheme,
            host=host,
            port=port,
            path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        )

    def _check_host(self, host: str) -> None:
        try:
            literal = ip_address(host)
        except ValueError:
            literal = None
        if literal is not None:
            if not self.permits(str(literal)):
                raise WebhookUrlRefused("Nothing is sent to addresses that are not of the public internet.")
        elif HOST.fullmatch(host) is None or NUMBER.fullmatch(host):
            raise WebhookUrlRefused("The host is no name and no IP address as they are written today.")

    def permits(self, address: str) -> bool:
        """Say whether may be sent to an IP address."""
        try:
            told = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        found = told.ipv4_mapped or told if isinstance(told, IPv6Address) else told
        if any(found in network for network in self.allow):
            return True
        return _is_public(found)

    def choose(self, addresses: Sequence[str]) -> str | None:
        """Choose the address to send to: the first, where all may be sent to; None where one may not."""
        if not addresses or not all(self.permits(address) for address in addresses):
            return None
        return addresses[0]


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address not in GLOBAL_V6:
        return False
    if any(address in network for network in NEVER):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _write_authority(scheme: str, host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port == PORT_OF[scheme] else f"{name}:{port}"
