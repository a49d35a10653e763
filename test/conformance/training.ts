/** Chapters about the trainer: steps, custom objective, chunks, saved state, LoRA. */
import { objectives } from '../../activities/backends/fireworks/index.ts';
import { apart, TOLERANCE } from './check.ts';
import { sum, type Moves } from './moves.ts';

export async function train(at: Moves): Promise<void> {
  at.client = await at.connect(at.flow.trainer);
  const info = await at.client.getInfo();
  at.add('model known to the trainer', info.baseModel === at.flow.baseModel, info.modelId.slice(0, 8));
  at.initial = await at.losses(at.client);
  const losses = await at.steps(at.client, at.flow.steps);
  const [first = NaN, last = NaN] = [losses[0], losses.at(-1)];
  at.add('loss falls, full parameter', last < 0.5 * first, `${first.toFixed(3)} -> ${last.toFixed(3)}`, losses);
}

/** The gradient is found by automatic differentiation, and held against the one by hand. */
export async function custom(at: Moves): Promise<void> {
  const { advantages, beta, steps, learning_rate: learningRate } = at.flow.custom;
  const old = await at.logprobs(at.client, at.data);
  const tokens = old.flat().length;
  // Clips beyond reach: the objective is then smooth, as the SDK's drive has it.
  const objective = objectives.ppo({ clipLow: 0, clipHigh: 1e6, klBeta: beta });
  const data = at.data.map(({ modelInput, lossFnInputs }, index) => ({
    modelInput,
    targetTokens: lossFnInputs.target_tokens,
    inputs: {
      weights: lossFnInputs.weights.map((weight) => weight / tokens),
      advantages: lossFnInputs.weights.map(() => advantages[index] ?? NaN),
      logprobs: old[index] ?? [],
      reference_logprobs: old[index] ?? [],
    },
  }));
  const slope = (advantage: number, ahead: number): number =>
    (-Math.exp(ahead) * advantage + beta * (1 - Math.exp(-ahead))) / tokens;
  const values: number[] = [];
  let worst = 0;
  for (let done = 0; done < steps; done += 1) {
    const current = await at.logprobs(at.client, at.data);
    const pass = await at.client.forwardBackwardCustom(data, objective);
    const { lossSum, metrics } = await pass.result();
    await (await at.client.optimStep({ ...at.adam, learningRate })).result();
    values.push(lossSum);
    const linear = current.map((row, index) =>
      sum(row.map((lp, token) => lp * slope(advantages[index] ?? NaN, lp - (old[index]?.[token] ?? NaN)))),
    );
    worst = Math.max(worst, Math.abs(sum(linear) - (metrics['loss:sum'] ?? NaN)));
  }
  const falls = values.every((value, index) => index === 0 || value < (values[index - 1] ?? NaN));
  const [first = NaN, last = NaN] = [values[0], values.at(-1)];
  at.add('custom objective falls', falls, `${first.toFixed(4)} -> ${last.toFixed(4)}`, values);
  at.add('custom gradient reaches the trainer', worst < TOLERANCE, `off by ${worst.toExponential(1)}`);
}

export async function chunked(at: Moves): Promise<void> {
  const pair = at.data.slice(0, 2);
  const many = Array.from({ length: at.flow.chunked / 2 }, () => pair).flat();
  const single = await (await at.client.forward(pair)).result();
  const result = await (await at.client.forwardBackward(many)).result();
  const once = single.logprobs.flat();
  const off = apart(result.logprobs.flat(), Array.from({ length: many.length / 2 }, () => once).flat());
  at.add('chunked call: outputs in order', off < TOLERANCE, `${result.logprobs.length} outputs`);
  const whole = ((single.metrics['loss:sum'] ?? NaN) * many.length) / 2;
  const ratio = (result.metrics['loss:sum'] ?? NaN) / whole;
  at.add('chunked call: metrics merged', Math.abs(ratio - 1) < TOLERANCE, `loss x ${ratio.toFixed(6)}`, [ratio]);
  await (await at.client.saveState('before-chunked')).result();
  await at.updateUnclipped(at.client);
  const byChunks = await at.losses(at.client);
  await (await at.client.loadState('before-chunked')).result();
  await (await at.client.forwardBackward(pair)).result();
  await at.updateUnclipped(at.client);
  const by = apart(byChunks, await at.losses(at.client));
  at.add('chunked gradient = gradient of the mean', by < TOLERANCE, `off by ${by.toExponential(1)}`, byChunks);
}

export async function saveAndLoad(at: Moves): Promise<void> {
  const { client } = at;
  const count = at.flow.stepsAfterSave;
  const { path } = await (await client.saveState('step-a')).result();
  const listed = await client.listCheckpoints();
  at.add('state saved and listed by the trainer', listed.includes(path), listed.join(', '));
  const before = await at.losses(client);
  const onward = await at.steps(client, count);
  await (await client.loadState(path)).result();
  const restored = await at.losses(client);
  at.add('load restores the loss exactly', same(restored, before), sum(before).toFixed(6), restored);
  const again = await at.steps(client, count);
  at.add('load restores the optimizer exactly', same(again, onward), `${again.at(-1)?.toFixed(6)}`, again);
  await (await client.loadState(path, { optimizer: false })).result();
  const weights = same(await at.losses(client), before);
  const fresh = await at.steps(client, count);
  const ok = weights && fresh[0] === onward[0] && !same(fresh, onward);
  at.add('load without optimizer starts its moments anew', ok, `${fresh.at(-1)?.toFixed(6)}`, fresh);
}

export async function lora(at: Moves): Promise<void> {
  const { loraTrainer, loraDeployment, loraShape, lora: settings } = at.flow;
  await at.createTrainer(loraTrainer, loraShape, settings.capacity);
  const client = await at.connect(loraTrainer, { lora: settings });
  const base = await at.connect(loraTrainer, { baseOnly: true });
  const start = await at.losses(client);
  const off = Math.max(apart(start, at.initial), apart(await at.losses(base), at.initial));
  at.add('adapter starts as the base model', off < TOLERANCE, `off by ${off.toExponential(1)}`, start);
  const losses = await at.steps(client, settings.steps, { learningRate: settings.learning_rate });
  const [first = NaN, last = NaN] = [losses[0], losses.at(-1)];
  at.add('loss falls, LoRA', last < 0.7 * first, `${first.toFixed(3)} -> ${last.toFixed(3)}`, losses);
  const frozen = apart(await at.losses(base), at.initial);
  at.add('base weights stay frozen', frozen < TOLERANCE, `off by ${frozen.toExponential(1)}`);
  const trained = await at.losses(client);
  await (await client.saveState('adapter-a')).result();
  await at.steps(client, 2);
  await (await client.loadState('adapter-a')).result();
  at.add('load restores the adapter exactly', same(await at.losses(client), trained), sum(trained).toFixed(6));
  await at.deploy(loraDeployment, loraTrainer);
  const { identity } = await at.sync(client, loraDeployment, true).saveAndSync('adapter');
  await at.checkServing('adapter', loraDeployment, client, identity);
  await client.unload();
  base.close();
  await at.fireworks.deployments.delete(loraDeployment);
  await at.fireworks.trainerJobs.delete(loraTrainer);
}

function same(left: readonly number[], right: readonly number[]): boolean {
  return apart(left, right) === 0;
}
