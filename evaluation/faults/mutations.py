"""Bytes with something wrong in them: flipped bits, other numbers, parts cut out or repeated."""

from __future__ import annotations

import random
import struct
import zlib

MAX_MUTATIONS = 6
# What programs trip over, in the sizes and places of a serialized message's fields.
_INTEGERS = (0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 10**9)
_NUMBERS = (0.0, -1.0, 1e-300, 1e6, 1e30, 1e300, float('inf'), float('-inf'), float('nan'))
_FLOAT32_NUMBERS = tuple(value for value in _NUMBERS if not 1e38 < abs(value) < float('inf'))


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one to MAX_MUTATIONS changes; most of them early, where headers are."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, MAX_MUTATIONS)):
        if not changed:
            break
        chance.choice(_KINDS)(changed, chance)
    return bytes(changed)


def with_checksums(png: bytes) -> bytes:
    """A PNG whose chunks have the right checksums again, as far as they can be found."""
    changed, at = bytearray(png), 8
    while at + 12 <= len(changed):
        (length,) = struct.unpack_from('>I', changed, at)
        end = at + 8 + length
        if end + 4 > len(changed):
            break
        struct.pack_into('>I', changed, end, zlib.crc32(changed[at + 4 : end]))
        at = end + 4
    return bytes(changed)


def _place(data: bytearray, chance: random.Random, alignment: int = 1) -> int:
    reach = len(data) if chance.random() < 0.5 else min(len(data), 256)
    return chance.randrange(reach) // alignment * alignment


def _flip_bit(data: bytearray, chance: random.Random) -> None:
    data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _other_byte(data: bytearray, chance: random.Random) -> None:
    data[_place(data, chance)] = chance.randrange(256)


def _put(data: bytearray, at: int, field: bytes) -> None:
    data[at : at + len(field)] = field[: len(data) - at]


def _other_integer(data: bytearray, chance: random.Random) -> None:
    form = chance.choice(('<H', '<I', '>I'))
    value = chance.choice(_INTEGERS) % 2 ** (8 * struct.calcsize(form))
    _put(data, _place(data, chance, struct.calcsize(form)), struct.pack(form, value))


def _other_number(data: bytearray, chance: random.Random) -> None:
    # A serialized message has four bytes before the first that is aligned.
    if chance.random() < 0.5:
        _put(data, _place(data, chance, 8) + 4, struct.pack('<d', chance.choice(_NUMBERS)))
    else:
        _put(data, _place(data, chance, 4), struct.pack('<f', chance.choice(_FLOAT32_NUMBERS)))


def _cut_off(data: bytearray, chance: random.Random) -> None:
    del data[_place(data, chance) :]


def _cut_out(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    del data[at : at + chance.randint(1, 64)]


def _repeat(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    data[at:at] = data[at : at + chance.randint(1, 64)]


# Other lengths are rare: most of those end at the first check.
_KINDS = (
    *(_flip_bit, _other_byte, _other_integer, _other_number) * 6,
    _cut_off,
    _cut_out,
    _repeat,
)
