"""What the numbers were measured on and with."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from unrolled.record.provenance import git_state, processor

PACKAGES = ("numpy", "scipy", "torch", "tensorflow", "tensorflow-cpu", "keras")


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe(threads: int) -> dict[str, Any]:
    """Processor, versions, commit, thread setting and load, as JSON would hold them."""
    installed = {one.name: one.version for one in metadata.distributions()}
    return {
        "processor": processor(),
        "cores": cores(),
        "memory": f"{_memory_bytes() / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: installed[name] for name in PACKAGES if name in installed},
        "blas": _blas(),
        "threads": threads,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "commit": git_state(Path(__file__).parents[1]),
        "when": datetime.now(UTC).isoformat(timespec="minutes"),
    }


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0


def _blas() -> str:
    """NumPy's linear algebra: library, version and the kernel that it chose."""
    import numpy  # noqa: F401  loads the library that is asked about
    from threadpoolctl import threadpool_info

    return ", ".join(
        f"{pool['internal_api']} {pool['version']} ({pool.get('architecture', 'unknown kernel')})"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    )
