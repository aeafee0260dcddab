"""The secret of an installation as it is written down: one master key, or several while one takes another's place."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Self

from regulars.base.crypto import KEY_BYTES, KEY_ID_MAX, Keyring

__all__ = ["SECRET_BYTES_MIN", "Secret"]

SECRET_BYTES_MIN: Final = 32
FIRST: Final = 1
"""Id of a key that is written without one: the first that an installation has."""
PARTS_MAX: Final = 16
PART: Final = re.compile(r"(?:(?P<id>[0-9]{1,5})(?P<retired>\.codes)?:)?(?P<key>[A-Za-z0-9_=-]+)")
EXPECTED: Final = f"at least {SECRET_BYTES_MIN} random bytes as base64url"
# Random bytes of the least length have about thirty different ones; half of that does not happen by chance.
SECRET_DISTINCT_MIN: Final = 16
SECRET_STEPS_MIN: Final = 8
WORDS: Final = (
    b"changeme",
    b"change_me",
    b"change-me",
    b"secret",
    b"password",
    b"regulars",
    b"example",
    b"insecure",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Master keys by id, the current one first, and what is left of those that are gone. It never shows a key."""

    masters: Mapping[int, bytes] = field(repr=False)
    retired: Mapping[int, bytes] = field(default_factory=dict[int, bytes], repr=False)

    @classmethod
    def single(cls, master: bytes) -> Self:
        """Make the secret of an installation that never changed its key."""
        return cls(masters={FIRST: master})

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `id:base64url` once or more, apart by commas or lines, the current one first; one alone needs no id.

        What is left of a key that is gone is `id.codes:base64url`. Raises ValueError with what is expected.
        """
        parts = [part for part in re.split(r"[,\s]+", text.strip()) if part]
        if not 1 <= len(parts) <= PARTS_MAX:
            raise ValueError(EXPECTED)
        masters: dict[int, bytes] = {}
        retired: dict[int, bytes] = {}
        for part in parts:
            found = PART.fullmatch(part)
            if found is None or (found["id"] is None and len(parts) > 1):
                raise ValueError(EXPECTED if len(parts) == 1 else f"id:key for each of several keys, each {EXPECTED},")
            key_id = int(found["id"] or FIRST)
            if not 1 <= key_id <= KEY_ID_MAX or key_id in masters or key_id in retired:
                raise ValueError(f"an id of its own for each key, from 1 to {KEY_ID_MAX},")
            if found["retired"]:
                retired[key_id] = _read_retired(found["key"])
            else:
                masters[key_id] = _read_key(found["key"])
        if not masters:
            raise ValueError("one key that is in use")
        return cls(masters=masters, retired=retired)

    @property
    def current(self) -> int:
        """The id of the key that new values are made with."""
        return next(iter(self.masters))

    @property
    def spare(self) -> int | None:
        """The id of the newest key where it is not in use yet: it is only known."""
        newest = max(self.masters)
        return newest if newest > self.current else None

    def write(self) -> str:
        """Write it as `parse` reads it: a line for each key."""
        if list(self.masters) == [FIRST] and not self.retired:
            return _write_key(self.masters[FIRST])
        lines = [f"{key_id}:{_write_key(key)}" for key_id, key in self.masters.items()]
        return "\n".join([*lines, *(f"{key_id}.codes:{_write_key(key)}" for key_id, key in self.retired.items())])

    def derive(self) -> Keyring:
        """Derive the working keys."""
        return Keyring.derive(self.masters, current=self.current, retired=self.retired)

    def add(self, master: bytes) -> Self:
        """Let one more key be known, and used by nobody yet."""
        key_id = max(*self.masters, *self.retired, FIRST) + 1
        return type(self)(masters={**self.masters, key_id: master}, retired=self.retired)

    def turn(self) -> Self:
        """Let the newest key be the current one."""
        newest = max(self.masters)
        rest = {key_id: key for key_id, key in self.masters.items() if key_id != newest}
        return type(self)(masters={newest: self.masters[newest], **rest}, retired=self.retired)

    def drop(self, key_id: int) -> Self:
        """Let go of a key that nothing is sealed under any more; what finds codes that people carry is kept."""
        assert key_id in self.masters
        assert key_id != self.current
        left = {id_: key for id_, key in self.masters.items() if id_ != key_id}
        return type(self)(masters=left, retired={**self.retired, key_id: self.derive().retire(key_id)})


def _write_key(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def _decode(text: str) -> bytes:
    try:
        # Python skips what is not in the alphabet unless told to validate: half a secret is not a secret.
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(EXPECTED) from error


def _read_key(text: str) -> bytes:
    key = _decode(text)
    if len(key) < SECRET_BYTES_MIN:
        raise ValueError(EXPECTED)
    # Who writes `changemechangeme...` writes it as it is: all of it is base64url too.
    if _is_guessable(key) or any(word in text.lower().encode() for word in WORDS):
        raise ValueError(f"{EXPECTED}, drawn by a machine (`openssl rand -base64 32 | tr '+/' '-_'`), not written,")
    return key


def _read_retired(text: str) -> bytes:
    key = _decode(text)
    if len(key) != KEY_BYTES:
        raise ValueError(f"{KEY_BYTES} bytes as base64url for what is left of a key")
    return key


def _is_guessable(secret: bytes) -> bool:
    """Whether a secret is words, a repetition, or a run: none of these is random."""
    steps = {(after - before) % 256 for before, after in pairwise(secret)}
    has_words = any(word in secret.lower() for word in WORDS)
    return has_words or len(set(secret)) < SECRET_DISTINCT_MIN or len(steps) < SECRET_STEPS_MIN
