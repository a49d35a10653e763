/** Chapters about gradients: those of the built-in losses against their formulas, and sums of several calls. */
import type { LossName } from '../../activities/backends/fireworks/index.ts';
import { apart, TOLERANCE } from './check.ts';
import { sum, type Moves } from './moves.ts';

/** How far each token's behaviour log-probability lies below the current one: beyond the clips, and within. */
const SHIFTS = [0.3, -0.4, 0.05, -0.1];

interface Token {
  readonly lp: number;
  /** The log-probability that it was sampled with. */
  readonly old: number;
  readonly advantage: number;
}

interface Formula {
  readonly name: LossName;
  readonly config: Readonly<Record<string, number>>;
  readonly value: (token: Token) => number;
  /** ∂value/∂lp. */
  readonly slope: (token: Token) => number;
}

const CLIPS = { clip_low_threshold: 0.8, clip_high_threshold: 1.2 };

const LOSSES: readonly Formula[] = [
  {
    name: 'importance_sampling',
    config: {},
    value: (token) => -ratio(token) * token.advantage,
    slope: (token) => -ratio(token) * token.advantage,
  },
  {
    name: 'ppo',
    config: CLIPS,
    value: (token) => -Math.min(ratio(token) * token.advantage, clipped(token) * token.advantage),
    slope: (token) =>
      ratio(token) * token.advantage <= clipped(token) * token.advantage ? -ratio(token) * token.advantage : 0,
  },
  {
    name: 'cispo',
    config: CLIPS,
    value: (token) => -clipped(token) * token.lp * token.advantage,
    slope: (token) => -clipped(token) * token.advantage,
  },
  {
    name: 'dro',
    config: { beta: 0.5 },
    value: ({ lp, old, advantage }) => -(lp * advantage - 0.25 * (lp - old) ** 2),
    slope: ({ lp, old, advantage }) => -(advantage - 0.5 * (lp - old)),
  },
];

function ratio({ lp, old }: Token): number {
  return Math.exp(lp - old);
}

function clipped(token: Token): number {
  return Math.min(Math.max(ratio(token), CLIPS.clip_low_threshold), CLIPS.clip_high_threshold);
}

/** Two calls before one update are one call with the data of both. */
export async function accumulate(at: Moves): Promise<void> {
  const { client } = at;
  await (await client.loadState('step-a')).result();
  for (const half of [at.data.slice(0, 2), at.data.slice(2)]) await (await client.forwardBackward(half)).result();
  await at.updateUnclipped(client);
  const twice = await at.losses(client);
  await (await client.loadState('step-a')).result();
  await at.steps(client, 1, { gradClipNorm: 0 });
  const off = apart(twice, await at.losses(client));
  at.add('gradients of two calls add up', off < TOLERANCE, `off by ${off.toExponential(1)}`, twice);
}

/** The loss is the formula's, and one step with it is one step with weights -slope. */
export async function builtIn(at: Moves): Promise<void> {
  for (const loss of LOSSES) await builtInLoss(at, loss);
}

async function builtInLoss(at: Moves, { name, config, value, slope }: Formula): Promise<void> {
  const { client } = at;
  await (await client.loadState('step-a')).result();
  const rows = (await at.logprobs(client, at.data)).map((row, index) =>
    row.map((lp, position) => ({
      lp,
      old: lp - (SHIFTS[position % SHIFTS.length] ?? NaN),
      advantage: at.flow.custom.advantages[index] ?? NaN,
    })),
  );
  const withInputs = (inputs: (row: readonly Token[]) => Readonly<Record<string, readonly number[]>>) =>
    at.data.map(({ modelInput, lossFnInputs }, index) => ({
      modelInput,
      lossFnInputs: { target_tokens: lossFnInputs.target_tokens, ...inputs(rows[index] ?? []) },
    }));
  const data = withInputs((row) => ({
    logprobs: row.map(({ old }) => old),
    advantages: row.map(({ advantage }) => advantage),
  }));
  const choice = Object.keys(config).length === 0 ? name : { name, config };
  const { metrics } = await (await client.forwardBackward(data, choice)).result();
  const expected = sum(rows.flat().map(value));
  const off = Math.abs((metrics['loss:sum'] ?? NaN) - expected);
  await unscaled(at);
  const stepped = await at.losses(client);
  await (await client.loadState('step-a')).result();
  const byHand = withInputs((row) => ({ weights: row.map((token) => 0 - slope(token)) }));
  await (await client.forwardBackward(byHand)).result();
  await unscaled(at);
  const apartBy = apart(stepped, await at.losses(client));
  at.add(`${name}: value`, off < TOLERANCE, `off by ${off.toExponential(1)}`, [expected]);
  at.add(`${name}: gradient`, apartBy < TOLERANCE, `off by ${apartBy.toExponential(1)}`, stepped);
}

/** An update by the sum: a token whose slope is zero counts as one of a loss, and not as one of a weight. */
async function unscaled(at: Moves): Promise<void> {
  await (await at.client.optimStep({ ...at.adam, gradClipNorm: 0 })).result();
}
