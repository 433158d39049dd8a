"""Files as they may come from outside: good ones after all that can happen to bytes."""

import os
import random
import tracemalloc
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

#: A thousand inputs, from one seed. Fixtures are made once, which the tests allow for.
a_thousand = settings(
    max_examples=1000,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
#: Bytes that stand for the largest and smallest numbers, and that begin and end things.
TELLING = [
    b"\x00", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00",
    b"\xff" * 8, b"\xff\xff\xff\xff\xff\xff\xff\x7f", b"-1", b"999999999999999999", b"1e999",
    b"NaN", b"null", b"[", b"{", b"}", b'"', b"'", b",", b"\t", b"\n", b"\r", b"\x1b",
    b"\xef\xbb\xbf", b"..", b"/", b"&a", b"*a", b":", b"- ", b"\x80\x05", b"PK\x03\x04",
    b"\x1f\x8b", b"(", b")",
]  # fmt: skip


def damaged(*good: bytes) -> st.SearchStrategy[bytes]:
    """One of some good files with up to four things done to it.

    One number decides them all: a draw for each would take longer than most readers do.
    """
    return st.integers(0, 2**32 - 1).map(lambda seed: _damage(good, random.Random(seed)))


def _damage(good: Sequence[bytes], chance: random.Random) -> bytes:
    content = chance.choice(good)
    for _ in range(chance.randint(1, 4)):
        content = _damage_once(content, chance)
    return content


def _damage_once(content: bytes, chance: random.Random) -> bytes:
    start = chance.randint(0, len(content))
    before, after = content[:start], content[start:]
    telling, size = chance.choice(TELLING), chance.randint(1, 64)
    match chance.randrange(7):
        case 0:  # cut short
            return before
        case 1:  # a bit flipped
            return before + bytes(byte ^ 1 << size % 8 for byte in after[:1]) + after[1:]
        case 2:  # something telling put in
            return before + telling + after
        case 3:  # something telling put over it
            return before + telling + after[len(telling) :]
        case 4:  # a piece left out
            return before + after[size:]
        case 5:  # a piece repeated
            return before + after[:size] + after
    first, second = sorted((start, chance.randint(0, len(content))))
    size = min(size, second - first, len(content) - second)
    one, two = content[first : first + size], content[second : second + size]
    between = content[first + size : second]
    return content[:first] + two + between + one + content[second + size :]  # two change places


def read_or_refuse(read, path: Path):
    """What a reader makes of a file, or its message, which has to name the file."""
    try:
        return read()
    except ValueError as error:
        message = error
    assert str(path) in str(message), f"the message does not name {path}: {message}"
    return message


@contextmanager
def nothing_written(folder: Path):
    """Files in a folder, and beside it, are those that were there before."""
    before = _listing(folder)
    yield
    assert _listing(folder) == before


@contextmanager
def at_most(n_bytes: int):
    """No more memory than so much is asked for at once."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < n_bytes
    finally:
        tracemalloc.stop()


def _listing(folder: Path) -> list[str]:
    inside = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
    return sorted([*inside, *os.listdir(folder.parent)])
