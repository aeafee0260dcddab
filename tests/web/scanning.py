"""Reads a QR code of version 6 or 8, level L, mask 0, as a scanner does: for what the member app draws."""

from collections.abc import Sequence

__all__ = ["is_fixed", "read_text"]

BLOCKS = 2
SIZES = {41: (68, 18, (34,)), 49: (97, 24, (24, 42))}
"""By modules of a side: words of data and of correction in each block, and where the small squares stand."""
TOLD_FROM = 45
"""So large, a code says its version."""
Grid = Sequence[Sequence[bool]]


def is_fixed(row: int, column: int, side: int) -> bool:
    """Whether a module is part of a pattern, of the format or of the version, and holds no data."""
    corners = (row < 9 and (column < 9 or column >= side - 8)) or (row >= side - 8 and column < 9)
    version = side >= TOLD_FROM and any(
        near < 6 and side - 11 <= far < side - 8 for near, far in ((row, column), (column, row))
    )
    crosses = (6, *SIZES[side][2])
    near = [any(abs(at - cross) <= 2 for cross in crosses) for at in (row, column)]
    # Where a large square stands there is no small one.
    last = side - 7
    covered = {(6, 6), (6, last), (last, 6)}
    nearest = tuple(min(crosses, key=lambda cross: abs(at - cross)) for at in (row, column))
    return corners or version or 6 in {row, column} or (all(near) and nearest not in covered)


def read_text(grid: Grid) -> str:
    """Read what a code says; every block must be whole, so that a scanner has all of its correction left."""
    words = _read_words(grid)
    of_data, of_check, _ = SIZES[len(grid)]
    blocks = [
        words[number : BLOCKS * of_data : BLOCKS]
        + words[BLOCKS * of_data + number : BLOCKS * (of_data + of_check) : BLOCKS]
        for number in range(BLOCKS)
    ]
    assert [_find_syndromes(block, of_check) for block in blocks] == [[0] * of_check] * BLOCKS
    data = bytes(word for block in blocks for word in block[:of_data])
    assert data[0] >> 4 == 0b0100, "bytes"
    length = (data[0] & 15) << 4 | data[1] >> 4
    return bytes((data[at] & 15) << 4 | data[at + 1] >> 4 for at in range(1, length + 1)).decode()


def _read_words(grid: Grid) -> list[int]:
    bits, side = list[bool](), len(grid)
    pairs = [right - (right <= 6) for right in range(side - 1, 0, -2)]
    for turn, right in enumerate(pairs):
        rows = range(side) if turn % 2 else range(side - 1, -1, -1)
        for row in rows:
            bits += [
                grid[row][column] ^ ((row + column) % 2 == 0)
                for column in (right, right - 1)
                if not is_fixed(row, column, side)
            ]
    return [
        sum(bit << 7 - at for at, bit in enumerate(bits[start : start + 8])) for start in range(0, len(bits) - 7, 8)
    ]


def _find_syndromes(block: Sequence[int], many: int) -> list[int]:
    found = list[int]()
    root = 1
    for _ in range(many):
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
