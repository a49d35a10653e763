/** Chapters about the deployment: chain of snapshots, sampling, another trainer. */
import { apart, TOLERANCE } from './check.ts';
import { example, sequence, sum, type Moves } from './moves.ts';

export async function sync(at: Moves): Promise<void> {
  const chain = at.sync(at.client, at.flow.deployment);
  for (const name of ['sync-a', 'sync-b', 'sync-c']) {
    await at.steps(at.client, 1);
    const { identity, type } = await chain.saveAndSync(name);
    at.snapshots.push(identity);
    if (name === 'sync-a') at.promotable = await at.losses(at.client);
    await at.checkServing(`${type} ${name}`, at.flow.deployment, at.client, identity);
  }
}

export async function sample(at: Moves): Promise<void> {
  const { deployment, sampling } = at.flow;
  const { seeds, coolTemperature } = sampling;
  const greedy = await at.draw(deployment, { seeds: [undefined, undefined], temperature: 0 });
  const [one = [], other = []] = greedy.map(sequence);
  at.add('greedy sampling repeats', one.join(' ') === other.join(' '), one.join(' '), one);
  const drawn = await at.draw(deployment, { seeds });
  const again = await at.draw(deployment, { seeds });
  const flat = drawn.flatMap(sequence);
  const repeats = flat.join(' ') === again.flatMap(sequence).join(' ');
  at.add('a seed repeats its sample', repeats, `${drawn.length} samples`, flat);
  const behaviour = Math.max(...drawn.map(({ logprobs, samplingLogprobs = [] }) => apart(logprobs, samplingLogprobs)));
  const ok = drawn.every(({ logprobs, tokens }) => logprobs.length === tokens.length) && behaviour < TOLERANCE;
  at.add('one log-probability per token, raw = behaviour at 1.0', ok, `off by ${behaviour.toExponential(1)}`);
  const cool = await at.draw(deployment, { seeds, temperature: coolTemperature });
  const rows = cool.flatMap(({ samplingLogprobs = [] }) => samplingLogprobs);
  const raw = cool.flatMap(({ logprobs }) => logprobs);
  const scores = await at.logprobs(at.client, cool.map(sequence).map(example));
  const completions = scores.flatMap((row, index) => row.slice((cool[index]?.promptTokens.length ?? 0) - 1));
  at.add(
    'cooler sampling: behaviour differs, raw does not',
    sum(rows) > sum(raw) && apart(raw, completions) < TOLERANCE,
    `${sum(rows).toFixed(3)} vs ${sum(raw).toFixed(3)}`,
    rows,
  );
}

export async function reattach(at: Moves): Promise<void> {
  const { trainer, secondTrainer, shape, deployment } = at.flow;
  await at.createTrainer(secondTrainer, shape);
  const client = await at.connect(secondTrainer);
  const initial = apart(await at.losses(client), at.initial) === 0;
  at.add("a new trainer has the base model's loss", initial, secondTrainer);
  const reference = `cross_job://${trainer}/step-a`;
  await (await at.client.loadState('step-a')).result();
  await (await client.loadState(reference)).result();
  const [here, there] = [await at.steps(at.client, 2), await at.steps(client, 2)];
  at.add('state loads across jobs', apart(here, there) === 0, reference, there);
  const moved = await at.fireworks.deployments.reattach(deployment, secondTrainer, { settleTimeoutMs: 60_000 });
  const linked = moved.trainer?.endsWith(`/${secondTrainer}`) === true;
  at.add('deployment re-attached', linked && moved.state === 'READY', moved.state);
  const { identity, type } = await at.sync(client, deployment).saveAndSync('sync-d');
  await at.checkServing(`${type} after re-attachment`, deployment, client, identity);
}
