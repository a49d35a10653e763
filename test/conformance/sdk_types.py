"""The SDK's data types, which are its own today; the oldest SDK that the vendor supports takes those of `tinker` 0.23."""

from __future__ import annotations

try:
    from fireworks.training.sdk import types
except ImportError:
    from tinker import types

__all__ = ["types"]
