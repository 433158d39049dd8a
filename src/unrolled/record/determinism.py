"""Seeds and threads: what decides the bytes of a result apart from code, settings and data.

Unlike the rest of the bookkeeping, this module counts as code of every step: a change here
makes every result stale.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# Sums depend on the number of threads; one thread for each job, many jobs at a time.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
FIXED = {
    "PYTHONHASHSEED": "0",  # only counts for processes that start afterwards
    "SOURCE_DATE_EPOCH": "0",  # no clock time in PDF files
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_DETERMINISTIC_OPS": "1",
    "MPLBACKEND": "agg",
}


def pin_environment(threads: int = 1) -> None:
    """Set threads and other variables for libraries that look at them when they are loaded.

    Parameters
    ----------
    threads : int
        Threads of each library's pool.
    """
    os.environ.update(FIXED)
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))


def entropy(seed: int, *names: str) -> list[int]:
    """Integers for `numpy.random.SeedSequence`: the root seed and a digest of some names.

    Parameters
    ----------
    seed : int
        Root seed, from the settings.
    *names : str
        What the numbers are for. ``("a", "b")`` and ``("ab",)`` differ.

    Returns
    -------
    list of int
        The seed and four 64-bit words.
    """
    text = "".join(f"{len(name)}:{name}" for name in names)
    digest = hashlib.sha256(text.encode()).digest()
    return [seed, *(int.from_bytes(digest[i : i + 8], "big") for i in range(0, 32, 8))]


def generator(seed: int, *names: str) -> np.random.Generator:
    """Random numbers that depend on the root seed and these names, and on nothing else.

    Parameters
    ----------
    seed : int
        Root seed, from the settings.
    *names : str
        What the numbers are for.

    Returns
    -------
    numpy.random.Generator
        PCG64.
    """
    import numpy as np

    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy(seed, *names))))


def seed_libraries(seed: int, *names: str) -> None:
    """Seed the generators that libraries keep for themselves, should one of them be used.

    Parameters
    ----------
    seed : int
        Root seed, from the settings.
    *names : str
        What the numbers are for.
    """
    number = entropy(seed, str(seed), *names)[1] % 2**32
    random.seed(number)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(number)
