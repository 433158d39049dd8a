"""Settings of the search for slow points, which several papers look for alike."""

from __future__ import annotations

from unrolled.settings.values import Block, Count, CountOrZero, Positive


class SlowPoints(Block):
    """Where the state lingers while documents are read."""

    documents: Count
    """Test documents whose states are analysed."""
    starts: Count
    """Starts of the search for slow points."""
    settling: CountOrZero
    """Free steps before that search."""
    ridge: Positive
    """Fixed ridge of its Levenberg-Marquardt steps."""
    iterations: Count
    """Number of these steps."""
    speed: Positive
    """A point is slow if it moves at most this share of the median step along documents."""
    neighbours: Count
    """Neighbours of each point in the locally linear embedding."""
