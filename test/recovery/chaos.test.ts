import { afterEach, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { FAULT_KINDS, planFaults, requireKinds } from '../../chaos/faults.ts';
import { builtProgram } from '../../client/local/paths.ts';

interface Report {
  readonly faults: Readonly<Record<string, number>>;
  readonly comparisons: readonly { readonly name: string; readonly equal: boolean; readonly detail: string }[];
  readonly rewinds: readonly { readonly cause: string }[];
}

const running = new Set<ChildProcess>();

/** One that a test gave up on. */
afterEach(() => {
  for (const child of running) child.kill('SIGTERM');
});

/** The program as a person runs it; its report, with whatever it said should it give none. */
async function chaos(...flags: string[]): Promise<Report> {
  const child = spawn(process.execPath, [builtProgram('chaos/main'), '--output', 'json', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const code = await new Promise((resolve) => {
    child.once('close', resolve);
  });
  running.delete(child);
  if (code === 2) throw new Error(stderr);
  return JSON.parse(stdout) as Report;
}

function differences({ comparisons }: Report): readonly string[] {
  return comparisons.filter(({ equal }) => !equal).map(({ name, detail }) => `${name}: ${detail}`);
}

describe('a disturbed run ends as an undisturbed one', () => {
  test('under faults of every kind, a worker that wakes up after it was replaced among them', async () => {
    const report = await chaos('--seed', '2', '--kills', '12');
    expect(differences(report)).toEqual([]);
    expect(Object.keys(report.faults).sort()).toEqual([...FAULT_KINDS].sort());
  }, 600_000);

  test('on a platform that takes a repeated request for a new one', async () => {
    const kinds = ['worker', 'lost reply', 'torn reply'].flatMap((kind) => ['--kind', kind]);
    const steps = ['forward_backward', 'optim_step'].flatMap((endpoint) => ['--at', endpoint]);
    const report = await chaos('--seed', '3', '--kills', '4', '--replay', 'none', ...kinds, ...steps);
    expect(differences(report)).toEqual([]);
    expect(report.rewinds.length).toBeGreaterThan(0);
  }, 600_000);
});

describe('a seed stands for its faults', () => {
  const options = { seed: 5, count: 40, requests: 1000 };

  test('always the same ones, other seeds for others', () => {
    expect(planFaults(options)).toEqual(planFaults(options));
    expect(planFaults({ ...options, seed: 6 })).not.toEqual(planFaults(options));
  });

  test('every kind is there, and all fall due before the run is over', () => {
    const plan = planFaults(options);
    expect(plan).toHaveLength(40);
    expect(new Set(plan.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
    expect(plan.reduce((sum, { gap }) => sum + gap, 0)).toBeLessThanOrEqual(800);
  });

  test('a kind that is none is refused, naming those there are', () => {
    expect(() => requireKinds(['gremlin'])).toThrow(/gremlin; use worker, temporal/);
  });
});
