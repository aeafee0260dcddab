"""Settings: the environment is read here, once, into one frozen value; nowhere else."""

import os
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlsplit

from regulars.base.errors import SettingsInvalid
from regulars.base.secret import SECRET_BYTES_MIN, Secret

__all__ = ["Settings"]

T = TypeVar("T")

PREFIX = "REGULARS_"
# The test suite has switches of its own, which are none of the program's business.
PREFIX_OF_TESTS = "REGULARS_TEST_"
FIRST_KEY = 1
PORT_MAX = 65_535
POOL_MAX_MAX = 500
STATEMENT_TIMEOUT_SECONDS_MAX = 86_400
LATE_DAYS_MAX_MAX = 365
KEY_RATE_MAX = 100_000
FOUR_EYES = ("adjustments", "publishing", "keys", "mass", "burning")
WAYS = ("sms", "push", "wechat")
PROVIDER = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
HIDDEN = frozenset({"SECRET", "DATABASE_URL", "OIDC_CLIENT_SECRET", "SMTP_URL", "SMS_URL", "MESSAGES_URLS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator decides. Each field is the variable REGULARS_<FIELD IN CAPITALS>."""

    # None: the embedded PostgreSQL in data_dir.
    database_url: str | None = field(default=None, repr=False)
    data_dir: Path
    # PostgreSQL's programs to use instead of those of the wheel.
    pg_bindir: Path | None = None
    # The embedded PostgreSQL listens on this port of 127.0.0.1 too; None: on its private socket only.
    pg_port: int | None = None
    # As given; `load_secret` makes one where there is none.
    secret: Secret | None = field(default=None, repr=False)
    auto_enrol: bool = True
    # Whether people may become members by themselves, by a code to an address or number that nobody has.
    joining: bool = True
    # Whether codes are shown to whoever asks, and sent to nobody: for a demo, and refused where a shop is run.
    show_codes: bool = False
    host: str = "127.0.0.1"
    port: int = 8080
    pool_max: int = 8
    statement_timeout_seconds: int = 30
    late_days_max: int = 30
    # Whether points are used only where the member showed a code, or the caller vouches for who it is.
    burn_needs_code: bool = False
    # Whether /metrics may be read without a key.
    metrics_open: bool = False
    # What people type to reach this server; None: where it listens.
    public_url: str | None = None
    # Networks of reverse proxies, whose word for where a request comes from is taken.
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    # Requests a second that each API key may send, and how many at once.
    key_rate: int = 600
    # What needs a second person.
    four_eyes: frozenset[str] = frozenset()
    # SHA-1 of passwords that were stolen elsewhere, one a line, sorted.
    breached_passwords: Path | None = None
    # The identity provider at which staff may sign on; all three or none.
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = field(default=None, repr=False)
    # Networks that are not of the public internet and webhooks may be sent to all the same.
    webhooks_allow: tuple[IPv4Network | IPv6Network, ...] = ()
    # Ports that webhooks may be sent to, besides 443 and 80.
    webhooks_ports: tuple[int, ...] = ()
    # Whether webhooks may be sent without TLS.
    webhooks_http: bool = False
    # Where mail to members is handed over; None: none is sent.
    smtp_url: str | None = field(default=None, repr=False)
    smtp_from: str = "regulars@localhost"
    # Where short messages to members are handed over; None: none is sent.
    sms_url: str | None = field(default=None, repr=False)
    # Where messages beside mail go, by channel (sms, push, wechat): addresses of Apprise with {to} in them.
    messages_urls: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    # The site for which members' passkeys are, and the address of its pages; both or none.
    rp_id: str | None = None
    origin: str | None = None
    # Whether a server refuses to run as owner or superuser of a database of its own choosing.
    app_role_only: bool = False

    @classmethod
    def read(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read REGULARS_* and refuse (SettingsInvalid) what is not known or not usable. An empty value is none."""
        known = {PREFIX + name.upper() for name in cls.__dataclass_fields__}
        _refuse_unknown(env, known)
        _refuse_half_a_provider(env)
        return cls(
            database_url=_take(env, "DATABASE_URL", _read_url, None),
            data_dir=_take(env, "DATA_DIR", _read_path, None) or _default_data_dir(env),
            pg_bindir=_take(env, "PG_BINDIR", _read_bindir, None),
            pg_port=_take(env, "PG_PORT", _whole(1, PORT_MAX), None),
            secret=_take(env, "SECRET", Secret.parse, None),
            auto_enrol=_take(env, "AUTO_ENROL", _read_switch, default=True),
            joining=_take(env, "JOINING", _read_switch, default=True),
            show_codes=_take(env, "SHOW_CODES", _read_switch, default=False),
            host=_take(env, "HOST", str.strip, "127.0.0.1"),
            port=_take(env, "PORT", _whole(1, PORT_MAX), 8080),
            pool_max=_take(env, "POOL_MAX", _whole(1, POOL_MAX_MAX), 8),
            statement_timeout_seconds=_take(
                env, "STATEMENT_TIMEOUT_SECONDS", _whole(1, STATEMENT_TIMEOUT_SECONDS_MAX), 30
            ),
            late_days_max=_take(env, "LATE_DAYS_MAX", _whole(0, LATE_DAYS_MAX_MAX), 30),
            burn_needs_code=_take(env, "BURN_NEEDS_CODE", _read_switch, default=False),
            metrics_open=_take(env, "METRICS_OPEN", _read_switch, default=False),
            public_url=_take(env, "PUBLIC_URL", _read_address, None),
            proxies=_take(env, "PROXIES", _read_networks, ()),
            key_rate=_take(env, "KEY_RATE", _whole(1, KEY_RATE_MAX), 600),
            four_eyes=_take(env, "FOUR_EYES", _read_actions, frozenset[str]()),
            breached_passwords=_take(env, "BREACHED_PASSWORDS", _read_file, None),
            oidc_issuer=_take(env, "OIDC_ISSUER", _read_address, None),
            oidc_client_id=_take(env, "OIDC_CLIENT_ID", str, None),
            oidc_client_secret=_take(env, "OIDC_CLIENT_SECRET", str, None),
            webhooks_allow=_take(env, "WEBHOOKS_ALLOW", _read_networks, ()),
            webhooks_ports=_take(env, "WEBHOOKS_PORTS", _read_ports, ()),
            webhooks_http=_take(env, "WEBHOOKS_HTTP", _read_switch, default=False),
            smtp_url=_take(env, "SMTP_URL", _read_mail, None),
            smtp_from=_take(env, "SMTP_FROM", _read_sender, "regulars@localhost"),
            sms_url=_take(env, "SMS_URL", _read_address, None),
            messages_urls=_take(env, "MESSAGES_URLS", _read_ways, dict[str, str]()),
            rp_id=_take(env, "RP_ID", _read_host, None),
            origin=_take(env, "ORIGIN", _read_origin, None),
            app_role_only=_take(env, "APP_ROLE_ONLY", _read_switch, default=False),
        )

    def load_secret(self) -> Secret:
        """Give the secret that keys are derived from: the given one, else the data folder's, made on first use.

        Raises SettingsInvalid when the file is readable by others or holds something else.
        """
        if self.secret is not None:
            return self.secret
        path = self.secret_file
        if not path.exists():
            _make_secret(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SettingsInvalid(f"Others can read {path}. Run: chmod 600 {path}", path=str(path))
        try:
            return Secret.parse(path.read_text(encoding="ascii"))
        except ValueError as error:
            detail = f"{path} holds no secret: {error} is expected. Put it back from a backup."
            raise SettingsInvalid(detail, path=str(path)) from error

    @property
    def secret_file(self) -> Path:
        """Where the secret is kept that is not given."""
        return self.data_dir / "secret"

    def list_keys(self) -> tuple[int, ...]:
        """Tell the ids of the master keys that are known here, the current one first, without making any."""
        if self.secret is None and not self.secret_file.exists():
            return (FIRST_KEY,)
        return tuple(self.load_secret().masters)

    def save_secret(self, secret: Secret) -> None:
        """Put another secret in place of the data folder's, all or nothing."""
        _write_draft(self.secret_file, secret, Path.replace)


def _make_secret(path: Path) -> None:
    """Write a new secret. Of two that do so at once one wins, and nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # A link, unlike a rename, never replaces the secret of somebody who was faster.
        _write_draft(path, Secret.single(secrets.token_bytes(SECRET_BYTES_MIN)), os.link)
    except FileExistsError:
        return


def _write_draft(path: Path, secret: Secret, put: Callable[[Path, Path], object]) -> None:
    draft = path.with_name(f".secret-{secrets.token_hex(8)}")
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(secret.write().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        put(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _refuse_unknown(env: Mapping[str, str], known: set[str]) -> None:
    for name in sorted(env):
        if not name.startswith(PREFIX) or name.startswith(PREFIX_OF_TESTS) or name in known:
            continue
        near = get_close_matches(name, known, n=1, cutoff=0)[0]
        raise SettingsInvalid(f"There is no setting {name}. Did you mean {near}?", variable=name, nearest=near)


def _refuse_half_a_provider(env: Mapping[str, str]) -> None:
    missing = [name for name in PROVIDER if not env.get(PREFIX + name, "").strip()]
    if missing and len(missing) < len(PROVIDER):
        variable = PREFIX + missing[0]
        raise SettingsInvalid(f"{variable} is not set, and the other settings of the provider are.", variable=variable)


def _take(env: Mapping[str, str], name: str, parse: Callable[[str], T], default: T) -> T:
    """Parse one variable. A parser raises ValueError with what it expected."""
    text = env.get(PREFIX + name, "").strip()
    if not text:
        return default
    try:
        return parse(text)
    except ValueError as error:
        shown = "a hidden value" if name in HIDDEN else repr(text)
        detail = f"{PREFIX}{name} is {shown}; {error} is expected."
        raise SettingsInvalid(detail, variable=PREFIX + name) from error


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and low <= int(text[:20]) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def _read_switch(text: str) -> bool:
    if text.lower() in {"true", "yes", "on", "1"}:
        return True
    if text.lower() in {"false", "no", "off", "0"}:
        return False
    raise ValueError("true or false")


def _read_networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(each.strip()) for each in text.split(","))
    except ValueError as error:
        raise ValueError("a list of networks such as 10.20.0.0/16, fd00::/8") from error


def _read_ports(text: str) -> tuple[int, ...]:
    one = _whole(1, PORT_MAX)
    try:
        return tuple(one(each.strip()) for each in text.split(","))
    except ValueError as error:
        raise ValueError("a list of ports such as 8443, 9443") from error


def _read_url(text: str) -> str:
    if urlsplit(text).scheme not in {"postgresql", "postgres"}:
        raise ValueError("an address such as postgresql://user:password@host:5432/database")
    return text


def _read_path(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise ValueError("an absolute path")
    return path


def _read_bindir(text: str) -> Path:
    path = _read_path(text)
    if not (path / "postgres").is_file():
        raise ValueError("a folder that holds PostgreSQL's programs (postgres, initdb)")
    return path


def _read_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("an address such as https://points.example.com")
    return text


def _read_mail(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise ValueError("an address such as smtps://user:password@mail.example.com:465")
    return text


def _read_ways(text: str) -> Mapping[str, str]:
    pairs = [each.partition("=") for each in text.split()]
    ways = {name: url for name, _, url in pairs}
    if len(ways) < len(pairs) or any(
        name not in WAYS or "://" not in url or "{to}" not in url for name, url in ways.items()
    ):
        raise ValueError(f"some of {', '.join(WAYS)}, each once, such as sms=twilio://SID:TOKEN@FROM/{{to}}")
    return ways


def _read_sender(text: str) -> str:
    local, at, host = text.rpartition("@")
    if not at or not local or not host or not text.isprintable():
        raise ValueError("an e-mail address such as points@example.com")
    return text


def _read_host(text: str) -> str:
    if urlsplit(f"//{text}").hostname != text or text != text.lower():
        raise ValueError("the name of a site such as example.com, without https:// and without a port")
    return text


def _read_origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError("where the pages are, such as https://points.example.com, and nothing after it")
    return text


def _read_actions(text: str) -> frozenset[str]:
    actions = frozenset(part.strip() for part in text.lower().split(","))
    if not actions <= set(FOUR_EYES):
        raise ValueError(f"some of {', '.join(FOUR_EYES)}, separated by commas")
    return actions


def _read_file(text: str) -> Path:
    path = _read_path(text)
    if not path.is_file():
        raise ValueError("a file that can be read")
    return path


def _default_data_dir(env: Mapping[str, str]) -> Path:
    shared = env.get("XDG_DATA_HOME", "")
    home = Path(env["HOME"]) if env.get("HOME") else Path.home()
    # The XDG rules say that a relative path is to be ignored.
    return (Path(shared) if Path(shared).is_absolute() else home / ".local" / "share") / "regulars"
