"""A policy objective over log-probabilities, and its gradient by hand to hold the SDK's against."""

from __future__ import annotations

import math

import torch

Rows = list[list[float]]


class PolicyObjective:
    """C = mean over tokens of: -exp(lp - old) * A + beta * (exp(old - lp) - (old - lp) - 1)."""

    def __init__(self, advantages: list[float], beta: float, old: Rows) -> None:
        self.advantages = advantages
        self.beta = beta
        self.old = old
        self.tokens = sum(len(row) for row in old)

    def __call__(self, _data: object, logprobs: list[torch.Tensor]) -> tuple[torch.Tensor, dict[str, float]]:
        total = torch.tensor(0.0)
        for advantage, row, old in zip(self.advantages, logprobs, self.old, strict=True):
            ahead = row - torch.tensor(old)
            kl = (-ahead).exp() + ahead - 1.0
            total = total + (ahead.exp() * -advantage + kl * self.beta).sum()
        value = total * (1.0 / self.tokens)
        return value, {"custom/objective": value.item()}

    def gradients(self, logprobs: Rows) -> Rows:
        return [
            [self._gradient(advantage, lp - reference) for lp, reference in zip(row, old, strict=True)]
            for advantage, row, old in zip(self.advantages, logprobs, self.old, strict=True)
        ]

    def _gradient(self, advantage: float, ahead: float) -> float:
        return (-math.exp(ahead) * advantage + self.beta * (1.0 - math.exp(-ahead))) / self.tokens
