"""Chapters about gradients: those of the built-in losses against their formulas, and sums of several calls."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from checks import TOLERANCE, apart
from moves import Moves
from sdk_types import types

SHIFTS = (0.3, -0.4, 0.05, -0.1)
"""How far each token's behaviour log-probability lies below the current one: beyond the clips, and within."""


@dataclass(frozen=True)
class Loss:
    """A loss per token: from log p, the log-probability that it was sampled with, and its advantage."""

    name: str
    config: dict[str, float]
    value: Callable[[float, float, float], float]
    slope: Callable[[float, float, float], float]


def ratio(lp: float, old: float) -> float:
    return math.exp(lp - old)


def clipped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


LOSSES = (
    Loss(
        "importance_sampling",
        {},
        value=lambda lp, old, a: -ratio(lp, old) * a,
        slope=lambda lp, old, a: -ratio(lp, old) * a,
    ),
    Loss(
        "ppo",
        {"clip_low_threshold": 0.8, "clip_high_threshold": 1.2},
        value=lambda lp, old, a: -min(ratio(lp, old) * a, clipped(ratio(lp, old), 0.8, 1.2) * a),
        slope=lambda lp, old, a: (
            -ratio(lp, old) * a if ratio(lp, old) * a <= clipped(ratio(lp, old), 0.8, 1.2) * a else 0.0
        ),
    ),
    Loss(
        "cispo",
        {"clip_low_threshold": 0.8, "clip_high_threshold": 1.2},
        value=lambda lp, old, a: -clipped(ratio(lp, old), 0.8, 1.2) * lp * a,
        slope=lambda lp, old, a: -clipped(ratio(lp, old), 0.8, 1.2) * a,
    ),
    Loss(
        "dro",
        {"beta": 0.5},
        value=lambda lp, old, a: -(lp * a - 0.25 * (lp - old) ** 2),
        slope=lambda lp, old, a: -(a - 0.5 * (lp - old)),
    ),
)


def accumulate(at: Moves) -> None:
    """Two calls before one update are one call with the data of both."""
    at.client.load_state_with_optimizer("step-a").result()
    for half in (at.data[:2], at.data[2:]):
        at.client.forward_backward(half, "cross_entropy").result()
    at.optimize_unclipped(at.client)
    twice = at.losses_of(at.client)
    at.client.load_state_with_optimizer("step-a").result()
    at.steps(at.client, 1, grad_clip_norm=0.0)
    off = apart(twice, at.losses_of(at.client))
    at.checks.add("gradients of two calls add up", off < TOLERANCE, f"off by {off:.1e}", twice)


def built_in(at: Moves) -> None:
    """The loss is the formula's, and one step with it is one step with weights -slope."""
    advantages = at.flow["custom"]["advantages"]
    for loss in LOSSES:
        at.client.load_state_with_optimizer("step-a").result()
        current = at.logprobs(at.client, at.data)
        rows = [
            [(lp, lp - SHIFTS[token % len(SHIFTS)], advantage) for token, lp in enumerate(row)]
            for row, advantage in zip(current, advantages, strict=True)
        ]
        data = [
            with_inputs(datum, logprobs=[old for _, old, _ in row], advantages=[a for _, _, a in row])
            for datum, row in zip(at.data, rows, strict=True)
        ]
        result = at.client.forward_backward(data, loss.name, loss.config or None).result()
        expected = sum(loss.value(*token) for row in rows for token in row)
        off = abs(result.metrics["loss:sum"] - expected)
        unscaled(at)
        stepped = at.losses_of(at.client)
        at.client.load_state_with_optimizer("step-a").result()
        by_hand = [
            with_inputs(datum, weights=[-loss.slope(*token) for token in row])
            for datum, row in zip(at.data, rows, strict=True)
        ]
        at.client.forward_backward(by_hand, "cross_entropy").result()
        unscaled(at)
        apart_by = apart(stepped, at.losses_of(at.client))
        at.checks.add(f"{loss.name}: value", off < TOLERANCE, f"off by {off:.1e}", [expected])
        at.checks.add(f"{loss.name}: gradient", apart_by < TOLERANCE, f"off by {apart_by:.1e}", stepped)


def unscaled(at: Moves) -> None:
    """An update by the sum: a token whose slope is zero counts as one of a loss, and not as one of a weight."""
    at.client.optim_step(types.AdamParams(**{**at.flow["adam"], "grad_clip_norm": 0.0})).result()


def with_inputs(datum: types.Datum, **inputs: list[float]) -> types.Datum:
    """The same targets with other inputs."""
    tensors = {name: types.TensorData(data=row, dtype="float32", shape=[len(row)]) for name, row in inputs.items()}
    return types.Datum(
        model_input=datum.model_input,
        loss_fn_inputs={"target_tokens": datum.loss_fn_inputs["target_tokens"], **tensors},
    )
