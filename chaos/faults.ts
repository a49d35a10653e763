/** Which faults a seed stands for: kinds, moments and distances, drawn before anything runs. Pure. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** Each with its share of the faults beyond the first of its kind. Trainers are dear: each death costs a rewind. */
const SHARES = {
  /** SIGKILL to the worker that sent the request. */
  worker: 6,
  /** SIGKILL to the Temporal server. */
  temporal: 2,
  /** SIGKILL to the sandbox's process that trains. */
  trainer: 1,
  /** SIGKILL to a process that serves. */
  replica: 2,
  /** SIGSTOP to the worker that sent the request, for longer than its heartbeat: it wakes after it was replaced. */
  zombie: 1,
  /** The request never arrives. */
  'lost request': 3,
  /** The request is executed, its reply never arrives. */
  'lost reply': 4,
  /** The reply ends in its middle. */
  'torn reply': 3,
  /** The request arrives late. */
  delay: 2,
  /** No request or reply of any worker passes for a while. */
  partition: 2,
} as const;

export type FaultKind = keyof typeof SHARES;

export const FAULT_KINDS = Object.keys(SHARES) as readonly FaultKind[];

export interface Fault {
  readonly kind: FaultKind;
  /** Requests that pass undisturbed between the fault before and this one. */
  readonly gap: number;
  /** Of a kill: before the request is executed, or after that and before its reply. */
  readonly moment: 'before' | 'after';
  /** Of a delay or partition. */
  readonly ms: number;
}

/** Fails naming those that are no kinds; none named: all. */
export function requireKinds(names: readonly string[]): readonly FaultKind[] {
  if (names.length === 0) return FAULT_KINDS;
  const unknown = names.filter((name) => !FAULT_KINDS.some((kind) => kind === name));
  if (unknown.length > 0) throw new Error(`--kind: no such kind: ${unknown.join(', ')}; use ${FAULT_KINDS.join(', ')}`);
  return FAULT_KINDS.filter((kind) => names.includes(kind));
}

/** The last part of a run is left alone, so that every fault falls due before the run is over. */
const DISTURBED_FRACTION = 0.8;
const LONGEST_MS = 2_500;

export interface FaultOptions {
  readonly seed: number;
  readonly count: number;
  /** How many an undisturbed run makes; faults only add to them. */
  readonly requests: number;
  /** Absent: all. */
  readonly kinds?: readonly FaultKind[];
}

export function planFaults({ seed, count, requests, kinds: wanted = FAULT_KINDS }: FaultOptions): Fault[] {
  const random = xoroshiro128plus(seed);
  const last = Math.floor(requests * DISTURBED_FRACTION);
  const places = Array.from({ length: count }, () => uniformInt(random, 0, last)).sort((a, b) => a - b);
  return shuffled(draw(wanted, count, random), random).map((kind, index) => ({
    kind,
    gap: (places[index] ?? 0) - (places[index - 1] ?? 0),
    moment: uniformInt(random, 0, 1) === 0 ? 'before' : 'after',
    ms: uniformInt(random, 200, LONGEST_MS),
  }));
}

/** One of each kind first, then by share. */
function draw(wanted: readonly FaultKind[], count: number, random: RandomGenerator): FaultKind[] {
  const pool = wanted.flatMap((kind) => Array.from({ length: SHARES[kind] }, () => kind));
  const every = shuffled(wanted, random).slice(0, count);
  const more = Array.from({ length: count - every.length }, () => pool[uniformInt(random, 0, pool.length - 1)]);
  return [...every, ...more.filter((kind) => kind !== undefined)];
}

function shuffled<T>(items: readonly T[], random: RandomGenerator): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = uniformInt(random, 0, last);
    const [a, b] = [order[last], order[other]];
    if (a === undefined || b === undefined) continue;
    order[last] = b;
    order[other] = a;
  }
  return order;
}
