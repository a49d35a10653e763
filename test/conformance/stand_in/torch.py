"""NOT PyTorch: a stand-in for the few calls that the vendor's SDK makes of it in `forward_backward_custom`.

PyTorch's wheel for Linux is 539 MB, plus the CUDA libraries that it links, for the gradient of one scalar; so the tape
below does it, on numpy, in double precision. It stands last on the module path: where PyTorch is installed beside the
SDK, that is used. What it proves is the SDK's wire, not PyTorch's arithmetic; the gradients are checked apart from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class DType:
    """A dtype, as far as the SDK asks."""

    def __init__(self, numpy_type: type, is_floating_point: bool) -> None:
        self.numpy_type = numpy_type
        self.is_floating_point = is_floating_point


float32 = DType(np.float32, True)
int64 = DType(np.int64, False)
bfloat16 = DType(np.float32, True)  # only ever compared with

Backward = Callable[[np.ndarray], None]


class Tensor:
    """Values with a tape: elementwise +, -, *, exp, log, slices, and sum: all that the objectives here need."""

    def __init__(self, values: np.ndarray, parents: tuple[Tensor, ...] = (), backward: Backward | None = None) -> None:
        self._values = values
        self._parents = parents
        self._backward = backward
        self._tracked = any(parent._tracked for parent in parents)
        self.grad: Tensor | None = None

    @property
    def dtype(self) -> DType:
        return int64 if self._values.dtype.kind == "i" else float32

    @property
    def shape(self) -> tuple[int, ...]:
        return self._values.shape

    @property
    def ndim(self) -> int:
        return self._values.ndim

    def __add__(self, other: Tensor | float) -> Tensor:
        that = _lift(other)

        def backward(grad: np.ndarray) -> None:
            self._take(grad)
            that._take(grad)

        return Tensor(self._values + that._values, (self, that), backward)

    def __mul__(self, other: Tensor | float) -> Tensor:
        that = _lift(other)

        def backward(grad: np.ndarray) -> None:
            self._take(grad * that._values)
            that._take(grad * self._values)

        return Tensor(self._values * that._values, (self, that), backward)

    def __neg__(self) -> Tensor:
        return self * -1.0

    def __sub__(self, other: Tensor | float) -> Tensor:
        return self + -_lift(other)

    def __rsub__(self, other: float) -> Tensor:
        return _lift(other) + -self

    __radd__ = __add__
    __rmul__ = __mul__

    def exp(self) -> Tensor:
        values = np.exp(self._values)
        return Tensor(values, (self,), lambda grad: self._take(grad * values))

    def log(self) -> Tensor:
        return Tensor(np.log(self._values), (self,), lambda grad: self._take(grad / self._values))

    def __getitem__(self, part: slice) -> Tensor:
        def backward(grad: np.ndarray) -> None:
            whole = np.zeros_like(self._values)
            whole[part] = grad
            self._take(whole)

        return Tensor(self._values[part], (self,), backward)

    def sum(self) -> Tensor:
        return Tensor(self._values.sum(), (self,), lambda grad: self._take(np.full(self.shape, grad)))

    def reshape(self, shape: list[int]) -> Tensor:
        return Tensor(self._values.reshape(shape))

    def clone(self) -> Tensor:
        return Tensor(self._values.copy())

    def detach(self) -> Tensor:
        return Tensor(self._values)

    def contiguous(self) -> Tensor:
        return self

    def requires_grad_(self, wanted: bool = True) -> Tensor:
        self._tracked = wanted
        return self

    def backward(self) -> None:
        """Fills `grad` of every leaf that asked for one."""
        self.grad = Tensor(np.ones_like(self._values))
        for tensor in reversed(self._order()):
            if tensor._backward is not None and tensor.grad is not None:
                tensor._backward(tensor.grad._values)

    def item(self) -> float:
        return self._values.item()

    def numpy(self) -> np.ndarray:
        return self._values.astype(self.dtype.numpy_type)

    def _take(self, grad: np.ndarray) -> None:
        if self._tracked:
            # A scalar meets an array only as a constant, which is not tracked.
            self.grad = Tensor(grad if self.grad is None else self.grad._values + grad)

    def _order(self) -> list[Tensor]:
        """Parents before children; iteratively, since a sum over many datums is a deep tape."""
        order: list[Tensor] = []
        seen: set[int] = set()
        pending: list[tuple[Tensor, bool]] = [(self, False)]
        while pending:
            tensor, expanded = pending.pop()
            if expanded:
                order.append(tensor)
            elif id(tensor) not in seen:
                seen.add(id(tensor))
                pending.append((tensor, True))
                pending.extend((parent, False) for parent in tensor._parents if parent._tracked)
        return order


def tensor(data: Any, dtype: DType | None = None) -> Tensor:
    values = np.asarray(data)
    integral = dtype is int64 or (dtype is None and values.dtype.kind == "i")
    return Tensor(values.astype(np.int64 if integral else np.float64))


def get_default_dtype() -> DType:
    return float32


def _lift(value: Tensor | float) -> Tensor:
    return value if isinstance(value, Tensor) else Tensor(np.float64(value))
