"""The moves that chapters are made of, and the state that one chapter leaves to the next."""

from __future__ import annotations

import asyncio
from typing import Any

from checks import TOLERANCE, Checks, apart
from fireworks.training.sdk import (
    DeploymentConfig,
    DeploymentManager,
    DeploymentSampler,
    FiretitanServiceClient,
    FiretitanTrainingClient,
    GradAccNormalization,
    SampledCompletion,
    TrainerJobConfig,
    TrainerJobManager,
    TrainerServiceEndpoint,
    TrainingShapeProfile,
)
from sdk_types import types

KEY = "conformance-key"
POLL_S = 0.1


class Moves:
    profile: TrainingShapeProfile
    endpoint: TrainerServiceEndpoint
    client: FiretitanTrainingClient
    initial: list[float]
    """Loss of each sequence under the base model."""
    snapshots: list[str]
    promotable: list[float]
    """Loss of each sequence under the first of the snapshots, a base."""

    def __init__(self, url: str, flow: dict[str, Any], checks: Checks) -> None:
        self.url = url
        self.flow = flow
        self.checks = checks
        self.model = flow["baseModel"]
        self.data = [datum(tokens) for tokens in flow["sequences"]]
        self.jobs = TrainerJobManager(api_key=KEY, base_url=url)
        self.deployments = DeploymentManager(api_key=KEY, base_url=url)
        self.services: list[FiretitanServiceClient] = []

    def trainer_config(self, role: str, shape: str, rank: int) -> TrainerJobConfig:
        return TrainerJobConfig(
            base_model=self.model,
            lora_rank=rank,
            training_shape_ref=shape,
            display_name="conformance",
            requested_job_id=self.flow[role],
            inactivity_timeout="1800s",
        )

    def create_trainer(self, role: str, shape: str, rank: int = 0) -> TrainerServiceEndpoint:
        return self.jobs.create_and_wait(self.trainer_config(role, shape, rank), poll_interval_s=POLL_S)

    def deploy(self, role: str, trainer: str) -> None:
        config = DeploymentConfig.from_training_profile(
            deployment_id=self.flow[role],
            base_model=self.model,
            profile=self.profile,
            hot_load_trainer_job=trainer,
            min_replica_count=self.flow["replicas"],
            max_replica_count=self.flow["replicas"],
            for_training=True,
            hot_load_transition_type="SYNC",
        )
        created = self.deployments.create_or_get(config)
        ready = self.deployments.wait_for_ready(self.flow[role], poll_interval_s=POLL_S)
        adopted = self.deployments.create_or_get(config)
        ok = created.name == adopted.name and ready.state == "READY" and ready.hot_load_trainer_job == trainer
        self.checks.add(f"deployment created and ready, {self.flow[role]}", ok, ready.state)

    def connect(self, endpoint: TrainerServiceEndpoint) -> FiretitanServiceClient:
        service = FiretitanServiceClient(base_url=endpoint.base_url, api_key=KEY)
        self.services.append(service)
        return service

    def steps(self, client: FiretitanTrainingClient, count: int, **changes: float) -> list[float]:
        """The loss before each step; the update is submitted before the gradient's result is there."""
        losses = []
        for _ in range(count):
            scored = client.forward_backward(self.data, "cross_entropy")
            updated = self.submit_update(client, **changes)
            losses.append(scored.result().metrics["loss:sum"])
            updated.result()
        return losses

    def optimize_unclipped(self, client: FiretitanTrainingClient) -> None:
        """An update that shows the gradient's length too."""
        self.submit_update(client, grad_clip_norm=0.0).result()

    def submit_update(self, client: FiretitanTrainingClient, **changes: float) -> Any:
        adam = types.AdamParams(**{**self.flow["adam"], **changes})
        return client.optim_step(adam, grad_accumulation_normalization=GradAccNormalization.NUM_LOSS_TOKENS)

    def logprobs(self, client: FiretitanTrainingClient, data: list[types.Datum]) -> list[list[float]]:
        outputs = client.forward(data, "cross_entropy").result().loss_fn_outputs
        return [out["logprobs"].data for out in outputs]

    def losses_of(self, client: FiretitanTrainingClient) -> list[float]:
        return [-sum(row) for row in self.logprobs(client, self.data)]

    def completions(self, deployment: str, seeds: list[int | None], **options: Any) -> list[SampledCompletion]:
        """One request after the other, so that seeds and answers correspond."""
        return asyncio.run(self.sample_all(deployment, seeds, options))

    async def sample_all(
        self, deployment: str, seeds: list[int | None], options: dict[str, Any]
    ) -> list[SampledCompletion]:
        sampler = DeploymentSampler(self.url, f"accounts/{self.jobs.account_id}/deployments/{deployment}", KEY)
        taken: list[SampledCompletion] = []
        for seed in seeds:
            taken += await sampler.sample_with_prompt_tokens(
                self.flow["prompt"],
                max_tokens=self.flow["sampling"]["maxTokens"],
                logprobs=True,
                stop=["<eos>"],
                **({} if seed is None else {"seed": seed}),
                **options,
            )
        return taken

    def trainer_scores(self, client: FiretitanTrainingClient, samples: list[SampledCompletion]) -> list[float]:
        """What the trainer says of the sampled tokens, one after the other."""
        rows = self.logprobs(client, [datum(one.full_tokens) for one in samples])
        return [lp for one, row in zip(samples, rows, strict=True) for lp in row[one.prompt_len - 1 :]]

    def check_serving(self, what: str, deployment: str, client: FiretitanTrainingClient, identity: str) -> None:
        """Every replica reports the identity, and trainer and sampler agree on each token, prompt included."""
        status = self.deployments.hotload_check_status(deployment, self.model)
        serving = [replica["current_snapshot_identity"] for replica in status["replicas"]]
        ok = serving == [identity] * self.flow["replicas"]
        self.checks.add(f"{what}: confirmed by every replica", ok, f"{len(serving)} replicas")
        samples = self.completions(deployment, self.flow["sampling"]["seeds"], echo=True)
        rows = self.logprobs(client, [datum(one.full_tokens) for one in samples])
        sampled = [lp for one in samples for lp in one.inference_logprobs or []]
        off = apart(sampled, [lp for row in rows for lp in row])
        self.checks.add(f"{what}: sampler and trainer agree", off < TOLERANCE, f"off by {off:.1e}", sampled)


def datum(tokens: list[int], weight: float = 1.0) -> types.Datum:
    """Every token but the first is a target of the same weight."""
    weights = [weight] * (len(tokens) - 1)
    return types.Datum(
        model_input=types.ModelInput.from_ints(tokens[:-1]),
        loss_fn_inputs={
            "target_tokens": types.TensorData(data=tokens[1:], dtype="int64", shape=[len(weights)]),
            "weights": types.TensorData(data=weights, dtype="float32", shape=[len(weights)]),
        },
    )
