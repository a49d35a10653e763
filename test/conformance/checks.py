"""What the drive found: one JSON line per check, with the numbers that the other client must arrive at too."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

TOLERANCE = 1e-4
"""Between what trainer and sampler say of the same token, and between two ways to the same weights."""


class Checks:
    """Prints every check as soon as it is made."""

    def __init__(self) -> None:
        self.failed = 0

    def add(self, name: str, ok: bool, figure: str, numbers: Sequence[float] = ()) -> None:
        """`figure` is for people; `numbers` are compared between clients, in this order."""
        self.failed += not ok
        line = {"name": name, "ok": bool(ok), "figure": figure, "numbers": [float(number) for number in numbers]}
        print(json.dumps(line), file=sys.stdout, flush=True)


def apart(left: Sequence[float], right: Sequence[float]) -> float:
    """Largest difference between two lists; infinite if their lengths differ or there is nothing to compare."""
    if len(left) != len(right) or len(left) == 0:
        return float("inf")
    return max(abs(a - b) for a, b in zip(left, right, strict=True))
