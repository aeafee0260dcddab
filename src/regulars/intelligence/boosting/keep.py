"""Models in files: what was learned as JSON, under a keyed digest. Nothing in them is ever executed."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from regulars.base.errors import Refusal

__all__ = ["MODEL_BYTES_MAX", "ModelRefused", "Shelf"]

MODEL_BYTES_MAX: Final = 64 * 2**20
FORMAT: Final = 2

T = TypeVar("T", bound=Struct)
Sign = Callable[[str], Sequence[bytes]]
"""Gives the keyed digests of a text, that of the current key first."""


class ModelRefused(Refusal):
    """The file of a model is not what it should be."""

    code, kind = "insight_model_refused", "conflict"


class _Kept(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: int
    name: str
    version: str
    signature: str
    """Keyed digest of all the rest, in hexadecimal digits: whoever has no key cannot make another."""
    content: msgspec.Raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A folder of models that earlier runs learned."""

    folder: Path
    sign: Sign = field(repr=False)

    def put(self, name: str, version: str, content: Struct) -> None:
        """Write a model, whole or not at all, in place of an earlier one of that name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        raw = msgspec.json.encode(content)
        kept = _Kept(
            format=FORMAT,
            name=name,
            version=version,
            signature=self.sign(_digest(name, version, raw))[0].hex(),
            content=msgspec.Raw(raw),
        )
        path = self.place(name)
        draft = path.with_suffix(".draft")
        draft.write_bytes(msgspec.json.encode(kept))
        draft.replace(path)

    def take(self, name: str, version: str, type_: type[T]) -> T | None:
        """Read a model; None where there is none. Raises ModelRefused for one of another version, or a changed one."""
        path = self.place(name)
        if not path.exists():
            return None
        content = path.read_bytes() if path.stat().st_size <= MODEL_BYTES_MAX else b""
        try:
            kept = msgspec.json.decode(content, type=_Kept)
        except msgspec.DecodeError as error:
            raise ModelRefused(f"{path.name} is no model of ours.") from error
        if (kept.format, kept.name, kept.version) != (FORMAT, name, version):
            raise ModelRefused(f"{path.name} is a model {kept.version!r}; {version!r} is expected.")
        right = self.sign(_digest(name, version, bytes(kept.content)))
        if not any(hmac.compare_digest(kept.signature, each.hex()) for each in right):
            raise ModelRefused(f"{path.name} was changed since it was written, or under another key.")
        try:
            return msgspec.json.decode(kept.content, type=type_)
        except msgspec.ValidationError as error:
            raise ModelRefused(f"{path.name} does not have the parts of a model {version!r}.") from error

    def place(self, name: str) -> Path:
        """Say where the model of a name lies."""
        return self.folder / f"{name}.json"


def _digest(name: str, version: str, raw: bytes) -> str:
    # Encoded, not joined: no two models are the same bytes.
    return hashlib.sha256(msgspec.json.encode((FORMAT, name, version, raw))).hexdigest()
