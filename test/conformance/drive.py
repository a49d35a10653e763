"""Drives a platform with the vendor's own SDK, unmodified: `drive.py URL FLOW`; `flow.json` says what.

Every chapter checks numbers, not only that calls return; the TypeScript client's drive has the same chapters.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import lifecycle
import losses
import serving
import training
from checks import Checks
from moves import Moves

CHAPTERS = (
    lifecycle.resolve,
    lifecycle.provision,
    training.train,
    training.custom,
    training.chunked,
    training.save_and_load,
    losses.accumulate,
    losses.built_in,
    serving.sync,
    serving.sample,
    serving.reattach,
    training.lora,
    lifecycle.list_rows,
    lifecycle.promote,
    lifecycle.managed,
    lifecycle.close,
)


def main(url: str, flow_file: str) -> int:
    checks = Checks()
    at = Moves(url, json.loads(Path(flow_file).read_text()), checks)
    for chapter in CHAPTERS:
        try:
            chapter(at)
        except Exception as error:  # noqa: BLE001 - whatever the SDK raises, the table names the chapter
            checks.add(f"{chapter.__name__} ran to its end", False, f"{type(error).__name__}: {error}")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
