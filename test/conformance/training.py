"""Chapters about the trainer: steps, custom objective, chunks, saved state, LoRA."""

from __future__ import annotations

from checks import TOLERANCE, apart
from fireworks.training.sdk import WeightSyncer
from moves import Moves, datum
from objective import PolicyObjective
from sdk_types import types


def train(at: Moves) -> None:
    service = at.connect(at.endpoint)
    at.client = service.create_training_client(base_model=at.model, lora_rank=0)
    info = at.client.get_info()
    at.checks.add("model known to the trainer", info.model_data.model_name == at.model, info.model_id[:8])
    at.initial = at.losses_of(at.client)
    losses = at.steps(at.client, at.flow["steps"])
    falls = losses[-1] < 0.5 * losses[0]
    at.checks.add("loss falls, full parameter", falls, f"{losses[0]:.3f} -> {losses[-1]:.3f}", losses)


def custom(at: Moves) -> None:
    custom = at.flow["custom"]
    reference = at.logprobs(at.client, at.data)
    tokens = sum(len(row) for row in reference)
    data = [datum(sequence, 1.0 / tokens) for sequence in at.flow["sequences"]]
    objective = PolicyObjective(custom["advantages"], custom["beta"], reference)
    adam = {**at.flow["adam"], "learning_rate": custom["learning_rate"]}
    values: list[float] = []
    worst = 0.0
    for _ in range(custom["steps"]):
        current = at.logprobs(at.client, at.data)
        result = at.client.forward_backward_custom(data, objective).result()
        at.client.optim_step(types.AdamParams(**adam)).result()
        values.append(result.metrics["custom/objective"])
        # The trainer was sent weights = -dC/dlogprob, and its loss is the sum of -logprob * weight.
        linear = sum(
            g * lp
            for grads, row in zip(objective.gradients(current), current, strict=True)
            for g, lp in zip(grads, row, strict=True)
        )
        worst = max(worst, abs(linear - result.metrics["loss:sum"]))
    falls = all(after < before for before, after in zip(values, values[1:], strict=False))
    at.checks.add("custom objective falls", falls, f"{values[0]:.4f} -> {values[-1]:.4f}", values)
    at.checks.add("custom gradient reaches the trainer", worst < TOLERANCE, f"off by {worst:.1e}")


def chunked(at: Moves) -> None:
    pair = at.data[:2]
    many = [pair[index % 2] for index in range(at.flow["chunked"])]
    single = at.client.forward(pair, "cross_entropy").result()
    result = at.client.forward_backward(many, "cross_entropy").result()
    rows = [row for out in result.loss_fn_outputs for row in out["logprobs"].data]
    once = [row for out in single.loss_fn_outputs for row in out["logprobs"].data]
    off = apart(rows, once * (len(many) // 2))
    at.checks.add("chunked call: outputs in order", off < TOLERANCE, f"{len(result.loss_fn_outputs)} outputs")
    whole = single.metrics["loss:sum"] * len(many) / 2
    ratio = result.metrics["loss:sum"] / whole
    at.checks.add("chunked call: metrics merged", abs(ratio - 1) < TOLERANCE, f"loss x {ratio:.6f}", [ratio])
    at.client.save_state("before-chunked").result()
    at.optimize_unclipped(at.client)
    by_chunks = at.losses_of(at.client)
    at.client.load_state_with_optimizer("before-chunked").result()
    at.client.forward_backward(pair, "cross_entropy").result()
    at.optimize_unclipped(at.client)
    off = apart(by_chunks, at.losses_of(at.client))
    at.checks.add("chunked gradient = gradient of the mean", off < TOLERANCE, f"off by {off:.1e}", by_chunks)


def save_and_load(at: Moves) -> None:
    count = at.flow["stepsAfterSave"]
    path = at.client.save_state("step-a").result().path
    listed = at.client.list_checkpoints()
    at.checks.add("state saved and listed by the trainer", path in listed, ", ".join(listed))
    before = at.losses_of(at.client)
    onward = at.steps(at.client, count)
    at.client.load_state_with_optimizer(path).result()
    restored = at.losses_of(at.client)
    at.checks.add("load restores the loss exactly", restored == before, f"{sum(before):.6f}", restored)
    again = at.steps(at.client, count)
    at.checks.add("load restores the optimizer exactly", again == onward, f"{again[-1]:.6f}", again)
    at.client.load_state(path).result()
    weights = at.losses_of(at.client) == before
    fresh = at.steps(at.client, count)
    ok = weights and fresh[0] == onward[0] and fresh != onward
    at.checks.add("load without optimizer starts its moments anew", ok, f"{fresh[-1]:.6f}", fresh)


def lora(at: Moves) -> None:
    settings = at.flow["lora"]
    endpoint = at.create_trainer("loraTrainer", at.flow["loraShape"], settings["capacity"])
    service = at.connect(endpoint)
    client = service.create_training_client(
        base_model=at.model, lora_rank=settings["rank"], lora_alpha=settings["alpha"], seed=settings["seed"]
    )
    base = service.create_base_training_client(at.model)
    start = at.losses_of(client)
    off = max(apart(start, at.initial), apart(at.losses_of(base), at.initial))
    at.checks.add("adapter starts as the base model", off < TOLERANCE, f"off by {off:.1e}", start)
    losses = at.steps(client, settings["steps"], learning_rate=settings["learning_rate"])
    ok = losses[-1] < 0.7 * losses[0]
    at.checks.add("loss falls, LoRA", ok, f"{losses[0]:.3f} -> {losses[-1]:.3f}", losses)
    frozen = apart(at.losses_of(base), at.initial)
    at.checks.add("base weights stay frozen", frozen < TOLERANCE, f"off by {frozen:.1e}")
    trained = at.losses_of(client)
    client.save_state("adapter-a").result()
    at.steps(client, 2)
    client.load_state_with_optimizer("adapter-a").result()
    at.checks.add("load restores the adapter exactly", at.losses_of(client) == trained, f"{sum(trained):.6f}")
    at.deploy("loraDeployment", endpoint.job_name)
    syncer = WeightSyncer(client, at.deployments, at.flow["loraDeployment"], at.model, lora_rank=settings["rank"])
    identity = str(syncer.save_and_hotload("adapter"))
    at.check_serving("adapter", at.flow["loraDeployment"], client, identity)
    # The oldest SDK has no call for it: its models go with their trainer.
    if hasattr(client, "unload_model"):
        client.unload_model().result()
    service.close()
    at.deployments.delete(at.flow["loraDeployment"])
    at.jobs.delete(endpoint.job_id)
