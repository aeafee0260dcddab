"""Passwords: which are refused, how they are kept, and how one is checked without telling whether there is one."""

import asyncio
import hashlib
import mmap
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from regulars.features.staff.model import PasswordWeak

__all__ = ["PASSWORD_MAX", "PASSWORD_MIN", "Hashing", "is_breached", "refuse_weak"]

PASSWORD_MIN: Final = 12
PASSWORD_MAX: Final = 256
"""Long enough for any sentence; more would let strangers keep the machine busy."""
TOGETHER_MAX: Final = 2
"""Hashes at one time: each takes 64 MiB and a core."""
DISTINCT_MIN: Final = 5
RUN_MIN: Final = 4
"""Steps of a run that make it one: 1234, abcd."""
WORD_MIN: Final = 4
COMMON: Final = (
    "regulars",
    "password",
    "passwort",
    "passw0rd",
    "p@ssword",
    "letmein",
    "welcome",
    "changeme",
    "qwerty",
    "qwertz",
    "azerty",
    "asdfgh",
    "iloveyou",
    "woaini",
    "administrator",
    "loyalty",
)
DIGEST_CHARACTERS: Final = 40


def refuse_weak(password: str, *, about: Iterable[str], breached: Path | None) -> None:
    """Raise PasswordWeak for what is guessed first. `about` is what is known of the person: name and address.

    There are no rules of what a password is made of. What is counted is what is left of it without words that
    everybody would try, runs such as 12345, and repetitions.
    """
    written = unicodedata.normalize("NFKC", password)
    if not PASSWORD_MIN <= len(written) <= PASSWORD_MAX:
        raise PasswordWeak(f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters. Any will do: try four words.")
    low = written.casefold()
    words = {word for text in (*COMMON, *about) for word in _list_words(text)}
    for word in sorted(words, key=len, reverse=True):
        if word in low and _count_left(low.replace(word, "")) < PASSWORD_MIN - WORD_MIN:
            message = "The password says little besides your name, your address, or a word that everybody tries."
            raise PasswordWeak(message)
    if len(set(low)) < DISTINCT_MIN or _count_left(low) < PASSWORD_MIN - WORD_MIN:
        raise PasswordWeak("The password is mostly a repetition or a run such as 12345. Try four words.")
    if breached is not None and is_breached(password, breached):
        raise PasswordWeak("The password is in a list of passwords that were stolen elsewhere. Take another.")


def _list_words(text: str) -> Iterator[str]:
    """Take a name or an address apart, as somebody who guesses would."""
    low = unicodedata.normalize("NFKC", text).casefold()
    parts = "".join(sign if sign.isalnum() else " " for sign in low).split()
    yield from (part for part in (*parts, "".join(parts), low) if len(part) >= WORD_MIN)


def _count_left(text: str) -> int:
    """Count the characters that are neither a step of a run nor a part of a repetition."""
    left, run, step = 0, 0, 0
    for place, sign in enumerate(text):
        now = ord(sign) - ord(text[place - 1]) if place else 2
        run = run + 1 if now == step and abs(now) <= 1 else 1 if abs(now) <= 1 else 0
        step = now
        left += run < RUN_MIN - 1
    # "tea" over and over is worth one "tea".
    for length in range(1, len(text) // 2 + 1):
        if text[length:] == text[:-length]:
            return min(left, length)
    return left


def is_breached(password: str, path: Path) -> bool:
    """Look a password up in a list of stolen ones: a line each, SHA-1 in hexadecimal, sorted; `:count` may follow.

    Reads a few pages of it, however long it is. Raises OSError when it cannot be read.
    """
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        low, high = 0, len(lines)
        while low < high:
            middle = (low + high) // 2
            start = lines.rfind(b"\n", low, middle) + 1 or low
            end = lines.find(b"\n", start)
            end = len(lines) if end < 0 else end
            found = lines[start : min(end, start + DIGEST_CHARACTERS)].upper()
            if found == wanted:
                return True
            if found < wanted:
                low = end + 1
            else:
                high = start
    return False


class Hashing:
    """Makes and checks what is kept of passwords, in threads, a few at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._room = asyncio.Semaphore(TOGETHER_MAX)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Make what is kept of a password."""
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, _spell(password))

    async def check(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one. For None it takes as long, and is not."""
        async with self._room:
            if self._nobody is None:
                self._nobody = await asyncio.to_thread(self._hasher.hash, "nobody's")
            fits = await asyncio.to_thread(self._verify, kept or self._nobody, _spell(password))
        return fits and kept is not None

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except VerifyMismatchError:
            return False

    def is_dated(self, kept: str) -> bool:
        """Whether the settings have moved on since a password was kept."""
        try:
            return self._hasher.check_needs_rehash(kept)
        except InvalidHashError:
            return True


def _spell(password: str) -> str:
    """One spelling, whatever keyboard it was typed on."""
    return unicodedata.normalize("NFKC", password)
