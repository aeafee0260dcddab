"""Keys and what is done with them. Values are found by a keyed digest and kept sealed; both name their key.

Every master key gives three working keys (HKDF-SHA256, a label each), so that what one of them may leak says
nothing of the others. A new master key is taken into use by adding it under the next id and making it current:
old values keep the id of the key they were made with, and are still found and opened by it.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = [
    "KEY_BYTES",
    "KEY_ID_MAX",
    "Digest",
    "Keyring",
    "Tampered",
    "key_id_of",
    "new_member_key",
    "open_sealed",
    "seal",
]

KEY_BYTES: Final = 32
KEY_ID_MAX: Final = 2**15 - 1
"""The largest id of a key: two bytes in a sealed value, a smallint in the database."""

AES_256_GCM: Final = 1
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
HEADER_BYTES: Final = 3


class Tampered(Exception):
    """A sealed value cannot be opened: another key, another place, or someone changed it. A bug or an attack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The keyed digest of a value, and the id of the key that made it."""

    key_id: int
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """The working keys of one master key."""

    blind: bytes = field(repr=False)
    wrap: bytes = field(repr=False)
    token: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Keyring:
    """The keys of one installation. Make it with `Keyring.derive`; it never shows a key."""

    current: int
    """Id of the master key that new values are made with."""
    keys: Mapping[int, _Keys] = field(repr=False)
    """By id, the current one first, then the newest."""
    retired: Mapping[int, bytes] = field(default_factory=dict[int, bytes], repr=False)
    """Of master keys that are gone, the key that carried secrets were digested with, by id: `retire` gives it."""

    @classmethod
    def derive(
        cls, masters: Mapping[int, bytes], *, current: int, retired: Mapping[int, bytes] | None = None
    ) -> "Keyring":
        """Derive the working keys of each master key, given by its id (1 to KEY_ID_MAX).

        Codes that people carry cannot be digested anew by us, who do not have them: `retired` keeps what finds them,
        and opens nothing. Raises ValueError when a master key is shorter than KEY_BYTES, an id is out of range or
        given twice, or `current` is not among them; the message never holds a key.
        """
        if current not in masters:
            raise ValueError(f"the current master key {current} is not among {sorted(masters)}")
        for key_id, master in masters.items():
            if not 1 <= key_id <= KEY_ID_MAX:
                raise ValueError(f"a master key has an id from 1 to {KEY_ID_MAX}, not {key_id}")
            if len(master) < KEY_BYTES:
                raise ValueError(f"master key {key_id} has {len(master)} bytes; at least {KEY_BYTES} are needed")
        kept = dict(sorted((retired or {}).items(), reverse=True))
        for key_id, key in kept.items():
            if key_id in masters or not 1 <= key_id <= KEY_ID_MAX or len(key) != KEY_BYTES:
                raise ValueError(f"the retired key {key_id} is a master key too, or no key")
        order = sorted(masters, key=lambda key_id: (key_id != current, -key_id))
        return cls(current=current, keys={key_id: _derive(masters[key_id]) for key_id in order}, retired=kept)

    def retire(self, key_id: int) -> bytes:
        """Give what must outlive a master key: the key that carried secrets were digested with. It opens nothing."""
        return self.keys[key_id].token

    @property
    def blind_key_id(self) -> int:
        """The id to store beside what `blind` answers."""
        return self.current

    def blind(self, kind: str, value: str) -> bytes:
        """Digest a value for look-up (32 bytes): equal values agree, and without the key nobody can try values."""
        return _digest(self.keys[self.current].blind, kind, value)

    def blinds(self, kind: str, value: str) -> tuple[Digest, ...]:
        """Digest a value with every key, the current one first: a value stored under an older key is found too."""
        return tuple(
            Digest(key_id=key_id, value=_digest(keys.blind, kind, value)) for key_id, keys in self.keys.items()
        )

    def digest_tokens(self, kind: str, token: str) -> tuple[Digest, ...]:
        """Digest a secret that somebody carries (an API key, a code) with every key, the current one first."""
        tokens = {key_id: keys.token for key_id, keys in self.keys.items()} | dict(self.retired)
        return tuple(Digest(key_id=key_id, value=_digest(key, kind, token)) for key_id, key in tokens.items())

    def sign_token(self, kind: str, told: bytes, *, mac_bytes: int) -> str:
        """Write what somebody is to carry and bring back as text for a link, signed with the current key."""
        mac = self.digest_tokens(kind, told.hex())[0].value[:mac_bytes]
        return base64.urlsafe_b64encode(mac + told).decode().rstrip("=")

    def read_token(self, kind: str, token: str, *, mac_bytes: int) -> bytes | None:
        """Read what `sign_token` wrote under whichever key; None where it is none of ours, or some of it is missing."""
        try:
            data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        mac, told = data[:mac_bytes], data[mac_bytes:]
        ours = (each.value[:mac_bytes] for each in self.digest_tokens(kind, told.hex()))
        return told if any(hmac.compare_digest(mac, each) for each in ours) else None

    def wrap(self, key: bytes, aad: bytes) -> bytes:
        """Seal a key under the current master key, so that it may be stored. `aad` says whose it is."""
        return seal(self.keys[self.current].wrap, key, aad, key_id=self.current)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Open what `wrap` made. Raises Tampered, also when its master key is not in this keyring."""
        keys = self.keys.get(_key_id(wrapped))
        if keys is None:
            raise Tampered("a wrapped key names a master key that is not in the keyring")
        return open_sealed(keys.wrap, wrapped, aad)


def key_id_of(wrapped: bytes) -> int:
    """Tell which master key a wrapped value is sealed under. Raises Tampered for what is no sealed value."""
    return _key_id(wrapped)


def new_member_key() -> bytes:
    """Make the random key under which the personal data of one member is sealed."""
    return token_bytes(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, aad: bytes, *, key_id: int = 0) -> bytes:
    """Encrypt with AES-256-GCM: algorithm (1 byte), key id (2), random nonce (12), ciphertext and tag.

    `aad` says what the value is and whose; it is not stored, and opening needs the same. `key_id` tells which
    key of its owner this is: 0 for a member's first.
    """
    header = bytes((AES_256_GCM,)) + key_id.to_bytes(2, "big")
    nonce = token_bytes(NONCE_BYTES)
    return header + nonce + AESGCM(key).encrypt(nonce, plaintext, header + aad)


def open_sealed(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """Decrypt what `seal` made. Raises Tampered for another key, another `aad`, or a changed value."""
    _key_id(sealed)
    nonce, body = sealed[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES], sealed[HEADER_BYTES + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, sealed[:HEADER_BYTES] + aad)
    except InvalidTag:
        raise Tampered("a sealed value does not open: another key, another place, or changed bytes") from None


def _key_id(sealed: bytes) -> int:
    if len(sealed) < HEADER_BYTES + NONCE_BYTES + TAG_BYTES or sealed[0] != AES_256_GCM:
        raise Tampered("a sealed value is cut short or names an unknown algorithm")
    return int.from_bytes(sealed[1:HEADER_BYTES], "big")


def _derive(master: bytes) -> _Keys:
    def key_for(label: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"regulars/1/" + label).derive(master)

    return _Keys(blind=key_for(b"blind-index"), wrap=key_for(b"key-wrapping"), token=key_for(b"tokens"))


def _digest(key: bytes, kind: str, value: str) -> bytes:
    # The kind's length keeps ("a", "bc") and ("ab", "c") apart.
    name = kind.encode()
    return hmac.digest(key, len(name).to_bytes(2, "big") + name + value.encode(), "sha256")
