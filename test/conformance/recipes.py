"""The loops that the vendor's recipes are made of, on its own SDK, unmodified: `recipes.py URL JOB`.

Supervised training in the two ways in which its weights may be shared out, DPO against a frozen trainer, and ORPO pair by
pair. Prints one check for each, whose numbers are the losses step by step. Texts become tokens here, by the vocabulary.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from checks import Checks
from fireworks.training.sdk import (
    FiretitanServiceClient,
    FiretitanTrainingClient,
    GradAccNormalization,
    TrainerJobConfig,
    TrainerJobManager,
    TrainerServiceEndpoint,
)
from sdk_types import types

KEY = "conformance-key"
END = "<eos>"
UPDATES_IN_FLIGHT = 2

Loss = Callable[[list[types.Datum], list[torch.Tensor]], tuple[torch.Tensor, dict[str, float]]]


@dataclass(frozen=True)
class Answer:
    """What is read and what is learned to be written, with its end; as tokens."""

    prompt: list[int]
    completion: list[int]

    @property
    def first(self) -> int:
        """Log-probability of the answer's first token: that of token j + 1 is the one at j."""
        return len(self.prompt) - 1

    def datum(self, weight: float = 1.0) -> types.Datum:
        tokens = self.prompt + self.completion
        weights = [0.0] * self.first + [weight] * len(self.completion)
        return types.Datum(
            model_input=types.ModelInput.from_ints(tokens[:-1]),
            loss_fn_inputs={
                "target_tokens": types.TensorData(data=tokens[1:], dtype="int64", shape=[len(weights)]),
                "weights": types.TensorData(data=weights, dtype="float32", shape=[len(weights)]),
            },
        )


class Recipes:
    """Each rents a trainer of its own, and returns it."""

    def __init__(self, url: str, job: dict[str, Any], checks: Checks) -> None:
        self.jobs = TrainerJobManager(api_key=KEY, base_url=url)
        self.job = job
        self.checks = checks
        self.adam = types.AdamParams(**job["adam"])
        vocabulary = json.loads(Path(job["tokenizer"]).read_text())["model"]["vocab"]
        answer = lambda row, field: Answer(encode(vocabulary, row["prompt"]), encode(vocabulary, row[field], END))  # noqa: E731
        self.rows = [answer(row, "completion") for row in job["rows"]]
        self.pairs = [(answer(row, "chosen"), answer(row, "rejected")) for row in job["pairs"]]

    def rent(self, name: str, frozen: bool = False) -> TrainerServiceEndpoint:
        config = TrainerJobConfig(
            base_model=self.job["baseModel"],
            lora_rank=0,
            training_shape_ref=self.job["referenceShape" if frozen else "shape"],
            display_name="recipe",
            requested_job_id=f"recipe-{name}",
            inactivity_timeout="1800s",
            forward_only=frozen,
        )
        return self.jobs.create_and_wait(config, poll_interval_s=0.1)

    def run(self, name: str, losses: Callable[[FiretitanTrainingClient], list[float]]) -> None:
        endpoint = self.rent(name)
        service = FiretitanServiceClient(base_url=endpoint.base_url, api_key=KEY)
        client = service.create_training_client(base_model=self.job["baseModel"], lora_rank=0)
        found = losses(client)
        falls = found[-1] < found[0]
        self.checks.add(name, falls, f"{found[0]:.4f} -> {found[-1]:.4f}", found)
        service.close()
        self.jobs.delete(endpoint.job_id)

    def by_example(self, client: FiretitanTrainingClient) -> list[float]:
        """Weights of each example sum to one; what is told is divided by their sum."""
        return self.supervised(client, lambda answer: 1.0 / len(answer.completion), None)

    def by_token(self, client: FiretitanTrainingClient) -> list[float]:
        """Weights are ones, and the trainer divides by the tokens that have one."""
        return self.supervised(client, lambda _: 1.0, GradAccNormalization.NUM_LOSS_TOKENS)

    def supervised(
        self,
        client: FiretitanTrainingClient,
        weight: Callable[[Answer], float],
        normalization: GradAccNormalization | None,
    ) -> list[float]:
        """A few steps are on their way before the oldest one is awaited."""
        losses: list[float] = []
        flying: list[tuple[Any, Any, float]] = []
        extra = {} if normalization is None else {"grad_accumulation_normalization": normalization}

        def settle() -> None:
            scored, updated, total = flying.pop(0)
            losses.append(scored.result().metrics["loss:sum"] / total)
            updated.result()

        for batch in self.job["rowOrder"]:
            answers = [self.rows[index] for index in batch]
            scored = client.forward_backward([one.datum(weight(one)) for one in answers], "cross_entropy")
            updated = client.optim_step(self.adam, **extra)
            flying.append((scored, updated, sum(weight(one) * len(one.completion) for one in answers)))
            if len(flying) > UPDATES_IN_FLIGHT:
                settle()
        while flying:
            settle()
        return losses

    def dpo(self, client: FiretitanTrainingClient) -> list[float]:
        """What the frozen model thinks is found once, and its trainer returned; then a call for the pairs of each step."""
        endpoint = self.rent("reference", frozen=True)
        service = FiretitanServiceClient(base_url=endpoint.base_url, api_key=KEY)
        frozen = service.create_training_client(base_model=self.job["baseModel"], lora_rank=0)
        known = []
        for pair in self.pairs:
            outputs = frozen.forward([answer.datum() for answer in pair], "cross_entropy").result().loss_fn_outputs
            known.append([sum(out["logprobs"].data[one.first :]) for one, out in zip(pair, outputs, strict=True)])
        service.close()
        self.jobs.delete(endpoint.job_id)
        losses = []
        for batch in self.job["pairOrder"]:
            data = [answer.datum() for index in batch for answer in self.pairs[index]]
            loss = self.dpo_loss([self.pairs[index] for index in batch], [known[index] for index in batch])
            result = client.forward_backward_custom(data, loss).result()
            client.optim_step(self.adam).result()
            losses.append(result.metrics["dpo_loss"])
        return losses

    def dpo_loss(self, pairs: list[tuple[Answer, Answer]], known: list[list[float]]) -> Loss:
        def loss(_: list[types.Datum], logprobs: list[torch.Tensor]) -> tuple[torch.Tensor, dict[str, float]]:
            total = torch.tensor(0.0)
            for index, (pair, reference) in enumerate(zip(pairs, known, strict=True)):
                gains = [
                    (logprobs[2 * index + side][answer.first :]).sum() - reference[side]
                    for side, answer in enumerate(pair)
                ]
                total = total + softplus((gains[1] - gains[0]) * self.job["beta"])
            mean = total * (1.0 / len(pairs))
            return mean, {"dpo_loss": mean.item()}

        return loss

    def orpo(self, client: FiretitanTrainingClient) -> list[float]:
        """A call for each pair, whose gradients add up until the update; what is told is their mean."""
        losses = []
        for batch in self.job["pairOrder"]:
            values = []
            for index in batch:
                pair = self.pairs[index]
                data = [answer.datum() for answer in pair]
                result = client.forward_backward_custom(data, self.orpo_loss(pair)).result()
                values.append(result.metrics["orpo_loss"])
            client.optim_step(self.adam).result()
            losses.append(sum(values) / len(values))
        return losses

    def orpo_loss(self, pair: tuple[Answer, Answer]) -> Loss:
        def loss(_: list[types.Datum], logprobs: list[torch.Tensor]) -> tuple[torch.Tensor, dict[str, float]]:
            chosen, rejected = (
                row[answer.first :].sum() * (1.0 / len(answer.completion))
                for answer, row in zip(pair, logprobs, strict=True)
            )
            ratio = log_odds(chosen) - log_odds(rejected)
            value = softplus(-ratio) * self.job["lambda"] - chosen
            return value, {"orpo_loss": value.item()}

        return loss


def softplus(x: torch.Tensor) -> torch.Tensor:
    """-log sigmoid(-x)."""
    return (x.exp() + 1.0).log()


def log_odds(mean: torch.Tensor) -> torch.Tensor:
    return mean - (-mean.exp() + 1.0).log()


def encode(vocabulary: dict[str, int], text: str, *further: str) -> list[int]:
    return [vocabulary[word] for word in [*text.split(), *further]]


def main(url: str, job_file: str) -> int:
    checks = Checks()
    recipes = Recipes(url, json.loads(Path(job_file).read_text()), checks)
    wanted = {
        "sft-by-example": recipes.by_example,
        "sft-by-token": recipes.by_token,
        "dpo": recipes.dpo,
        "orpo": recipes.orpo,
    }
    for name, losses in wanted.items():
        try:
            recipes.run(name, losses)
        except Exception as error:  # noqa: BLE001 - whatever the SDK raises, the table names the recipe
            checks.add(f"{name} ran to its end", False, f"{type(error).__name__}: {error}")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
