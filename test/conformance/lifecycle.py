"""Chapters about what is rented: shape, trainer, deployment, checkpoint rows, promotion, release."""

from __future__ import annotations

from checks import TOLERANCE, apart
from fireworks.training.sdk import FiretitanServiceClient, FireworksClient, TrainerJobConfig
from moves import KEY, POLL_S, Moves, datum
from sdk_types import types


def resolve(at: Moves) -> None:
    at.profile = at.jobs.resolve_training_profile(at.flow["shape"])
    versioned = at.profile.training_shape_version == f"{at.flow['shape']}/versions/v1"
    context = at.profile.max_supported_context_length
    ok = versioned and at.profile.deployment_shape_version and not at.profile.supports_lora
    at.checks.add("shape resolved to its version", ok, f"context {context}", [context])


def provision(at: Moves) -> None:
    at.endpoint = at.create_trainer("trainer", at.flow["shape"])
    job = at.jobs.get(at.endpoint.job_id)
    ok = job["state"] == "JOB_STATE_RUNNING" and at.endpoint.job_id == at.flow["trainer"]
    at.checks.add("trainer created and ready", ok, job["state"])
    again = at.jobs.create(at.trainer_config("trainer", at.flow["shape"], 0))
    same = at.jobs.get(again.job_id)["createTime"] == job["createTime"]
    at.checks.add("trainer created again is adopted", same, again.job_id)
    at.deploy("deployment", at.endpoint.job_name)


def list_rows(at: Moves) -> None:
    rows = FireworksClient(api_key=KEY, base_url=at.url).list_checkpoints(at.flow["trainer"], page_size=2)
    kinds = {row["name"].rsplit("/", 1)[-1]: (row["checkpointType"], row["promotable"]) for row in rows}
    base, delta, *_ = at.snapshots
    ok = (
        kinds.get(base) == ("CHECKPOINT_TYPE_INFERENCE_BASE", True)
        and kinds.get(delta) == ("CHECKPOINT_TYPE_INFERENCE_ARC_V2", False)
        and kinds.get("step-a") == ("CHECKPOINT_TYPE_TRAINING", False)
    )
    at.checks.add("rows listed with type and promotability", ok, f"{len(rows)} rows", [len(rows)])


def promote(at: Moves) -> None:
    platform = FireworksClient(api_key=KEY, base_url=at.url)
    rows = platform.list_checkpoints(at.flow["trainer"])
    row = next(row for row in rows if row["promotable"])
    model = platform.promote_checkpoint(name=row["name"], output_model_id=at.flow["promotedModel"], base_model=at.model)
    ok = model["name"].endswith(f"/models/{at.flow['promotedModel']}") and model["kind"] == "HF_BASE_MODEL"
    at.checks.add("snapshot promoted", ok and model["state"] == "READY", model["name"])
    # A run that starts from the promoted model; the platform chooses the shape.
    config = TrainerJobConfig(
        base_model=model["name"],
        auto_select_training_shape=True,
        display_name="conformance",
        inactivity_timeout="1800s",
        requested_job_id=at.flow["promotedTrainer"],
    )
    endpoint = at.jobs.create_and_wait(config, poll_interval_s=POLL_S)
    service = at.connect(endpoint)
    losses = at.losses_of(service.create_training_client(base_model=model["name"], lora_rank=0))
    off = apart(losses, at.promotable)
    at.checks.add("a run starts from the promoted model", off < TOLERANCE, f"off by {off:.1e}", losses)
    service.close()
    at.jobs.delete(endpoint.job_id)


def close(at: Moves) -> None:
    """Ends every session, releases what was rented, and reads back that nothing is left."""
    for service in at.services:
        service.close()
    at.deployments.scale_to_zero(at.flow["deployment"])
    scaled = at.deployments.get(at.flow["deployment"])
    at.checks.add(
        "deployment scaled to zero", scaled is not None and scaled.state == "READY", str(scaled and scaled.state)
    )
    at.deployments.delete(at.flow["deployment"])
    gone = at.deployments.get(at.flow["deployment"])
    for role in ("trainer", "secondTrainer"):
        at.jobs.delete(at.flow[role])
    jobs = [at.jobs.try_get(at.flow[role]) for role in ("trainer", "secondTrainer", "loraTrainer", "promotedTrainer")]
    states = {str(job and job["state"]) for job in jobs}
    ok = (gone is None or gone.state == "DELETED") and states == {"JOB_STATE_DELETED"}
    at.checks.add("everything released", ok, ", ".join(sorted(states)))


def managed(at: Moves) -> None:
    """The SDK's own provisioning: trainer, deployment and model by one object, and its close."""
    service = FiretitanServiceClient.from_firetitan_config(
        api_key=KEY,
        base_url=at.url,
        base_model=at.model,
        training_shape_id=at.flow["shape"],
        trainer_job_id=at.flow["managedTrainer"],
        deployment_id=at.flow["managedDeployment"],
        cleanup_trainer_on_close=True,
        cleanup_deployment_on_close="delete",
        hot_load_transition_type="SYNC",
        display_name="conformance",
        inactivity_timeout="1800s",
    )
    client = service.create_training_client()
    at.steps(client, 2)
    path = client.save_weights_for_sampler("managed").result().path
    sampler = client.create_sampling_client(path)
    params = types.SamplingParams(max_tokens=at.flow["sampling"]["maxTokens"], temperature=1.0, seed=1, stop=["<eos>"])
    prompt = types.ModelInput.from_ints(at.flow["prompt"])
    taken = sampler.sample(prompt, 1, params, include_prompt_logprobs=True).result()
    tokens = at.flow["prompt"] + taken.sequences[0].tokens
    sampled = [*(taken.prompt_logprobs or [])[1:], *(taken.sequences[0].logprobs or [])]
    off = apart([float(lp or 0) for lp in sampled], at.logprobs(client, [datum(tokens)])[0])
    at.checks.add("managed: sampler and trainer agree", off < TOLERANCE, f"off by {off:.1e}", tokens)
    sampler.close()
    service.close()
    state = at.jobs.get(at.flow["managedTrainer"])["state"]
    deployment = at.deployments.get(at.flow["managedDeployment"])
    gone = deployment is None or deployment.state == "DELETED"
    at.checks.add("managed: close releases both", gone and state == "JOB_STATE_DELETED", state)
