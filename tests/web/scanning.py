"""Reads a QR code of version 6, level L, mask 0, as a scanner does: for the drawing of members' codes."""

from collections.abc import Sequence

__all__ = ["SIDE", "is_fixed", "read_text"]

SIDE = 41
BLOCKS = 2
DATA = 68
CHECK = 18
Grid = Sequence[Sequence[bool]]


def is_fixed(row: int, column: int) -> bool:
    """Whether a module is part of a pattern or of the format, and holds no data."""
    corners = (row < 9 and (column < 9 or column >= SIDE - 8)) or (row >= SIDE - 8 and column < 9)
    return corners or 6 in {row, column} or (32 <= row <= 36 and 32 <= column <= 36)


def read_text(grid: Grid) -> str:
    """Read what a code says; every block must be whole, so that a scanner has all of its correction left."""
    words = _read_words(grid)
    blocks = [
        words[number : BLOCKS * DATA : BLOCKS] + words[BLOCKS * DATA + number : BLOCKS * (DATA + CHECK) : BLOCKS]
        for number in range(BLOCKS)
    ]
    assert [_find_syndromes(block) for block in blocks] == [[0] * CHECK] * BLOCKS
    data = bytes(word for block in blocks for word in block[:DATA])
    assert data[0] >> 4 == 0b0100, "bytes"
    length = (data[0] & 15) << 4 | data[1] >> 4
    return bytes((data[at] & 15) << 4 | data[at + 1] >> 4 for at in range(1, length + 1)).decode()


def _read_words(grid: Grid) -> list[int]:
    bits = list[bool]()
    pairs = [right - (right <= 6) for right in range(SIDE - 1, 0, -2)]
    for turn, right in enumerate(pairs):
        rows = range(SIDE) if turn % 2 else range(SIDE - 1, -1, -1)
        for row in rows:
            bits += [
                grid[row][column] ^ ((row + column) % 2 == 0)
                for column in (right, right - 1)
                if not is_fixed(row, column)
            ]
    return [
        sum(bit << 7 - at for at, bit in enumerate(bits[start : start + 8])) for start in range(0, len(bits) - 7, 8)
    ]


def _find_syndromes(block: Sequence[int]) -> list[int]:
    found = list[int]()
    root = 1
    for _ in range(CHECK):
        value = 0
        for word in block:
            value = _multiply(value, root) ^ word
        found.append(value)
        root = _multiply(root, 2)
    return found


def _multiply(one: int, other: int) -> int:
    product = 0
    while other:
        product ^= one * (other & 1)
        one = one << 1 ^ (0x11D if one & 0x80 else 0)
        other >>= 1
    return product
