"""Chapters about the deployment: chain of snapshots, sampling, another trainer."""

from __future__ import annotations

from checks import TOLERANCE, apart
from fireworks.training.sdk import WeightSyncer
from moves import POLL_S, Moves


def sync(at: Moves) -> None:
    syncer = WeightSyncer(at.client, at.deployments, at.flow["deployment"], at.model)
    at.snapshots: list[str] = []
    for name in ("sync-a", "sync-b", "sync-c"):
        at.steps(at.client, 1)
        identity = syncer.save_and_hotload(name)
        at.snapshots.append(str(identity))
        if name == "sync-a":
            at.promotable = at.losses_of(at.client)
        kind = "base" if name == "sync-a" else "delta"
        at.check_serving(f"{kind} {name}", at.flow["deployment"], at.client, str(identity))


def sample(at: Moves) -> None:
    sampling = at.flow["sampling"]
    greedy = at.completions(at.flow["deployment"], [None] * 2, temperature=0.0)
    same = greedy[0].full_tokens == greedy[1].full_tokens
    tokens = greedy[0].full_tokens
    at.checks.add("greedy sampling repeats", same, " ".join(map(str, tokens)), tokens)
    drawn = at.completions(at.flow["deployment"], sampling["seeds"])
    again = at.completions(at.flow["deployment"], sampling["seeds"])
    same = [one.full_tokens for one in drawn] == [one.full_tokens for one in again]
    flat = [token for one in drawn for token in one.full_tokens]
    at.checks.add("a seed repeats its sample", same, f"{len(drawn)} samples", flat)
    lengths = all(len(one.inference_logprobs or []) == one.completion_len for one in drawn)
    behaviour = max(apart(one.inference_logprobs or [], one.sampling_logprobs or []) for one in drawn)
    ok = lengths and behaviour < TOLERANCE
    at.checks.add("one log-probability per token, raw = behaviour at 1.0", ok, f"off by {behaviour:.1e}")
    cool = at.completions(at.flow["deployment"], sampling["seeds"], temperature=sampling["coolTemperature"])
    rows = [lp for one in cool for lp in one.sampling_logprobs or []]
    raw = [lp for one in cool for lp in one.inference_logprobs or []]
    off = apart(raw, at.trainer_scores(at.client, cool))
    ok = sum(rows) > sum(raw) and off < TOLERANCE
    at.checks.add("cooler sampling: behaviour differs, raw does not", ok, f"{sum(rows):.3f} vs {sum(raw):.3f}", rows)


def reattach(at: Moves) -> None:
    second = at.create_trainer("secondTrainer", at.flow["shape"])
    client = at.connect(second).create_training_client(base_model=at.model, lora_rank=0)
    initial = at.losses_of(client) == at.initial
    at.checks.add("a new trainer has the base model's loss", initial, second.job_id)
    reference = client.resolve_checkpoint_path("step-a", source_job_id=at.flow["trainer"])
    at.client.load_state_with_optimizer("step-a").result()
    client.load_state_with_optimizer(reference).result()
    here, there = at.steps(at.client, 2), at.steps(client, 2)
    at.checks.add("state loads across jobs", here == there, reference, there)
    moved = at.deployments.reattach_trainer(
        at.flow["deployment"],
        base_model=at.model,
        trainer_job_name=second.job_name,
        timeout_s=60,
        poll_interval_s=POLL_S,
    )
    ok = moved.state == "READY" and moved.hot_load_trainer_job == second.job_name
    at.checks.add("deployment re-attached", ok, moved.state)
    syncer = WeightSyncer(client, at.deployments, at.flow["deployment"], at.model)
    identity = str(syncer.save_and_hotload("sync-d"))
    at.check_serving("base after re-attachment", at.flow["deployment"], client, identity)
