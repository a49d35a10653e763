/** Runs as a list tells them apart, and what a report says before and after its tables. */
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { experimentText } from '../../client/cli/render/experiment-lines.ts';
import { runTable } from '../../client/cli/render/run-table.ts';
import { warningLines } from '../../client/cli/render/warning-lines.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { PLAIN, STORED } from './examples.ts';

describe('the list and the report', () => {
  test('runs with what tells them apart, what they reached, took and came to', () => {
    const at = { createdAt: STORED.createdAt, outcome: 'finished', step: 400, steps: 400 } as const;
    const score = { score: 0.121, low: 0.1, high: 0.2, metric: 'exact_match', step: 400 };
    const cost = { amount: 3.5, currency: 'USD' };
    const optimizer = { ...STORED.spec.train.optimizer, learningRate: 0.01 };
    const other = { ...STORED.spec, name: 'other', train: { ...STORED.spec.train, optimizer } };
    const runs = [
      { ...at, runId: 'one', spec: STORED.spec, score, seconds: 125, cost },
      { ...at, runId: 'two', spec: other, outcome: 'failed', reason: 'no room' } as const,
    ];
    expect(runTable(runs, 110).split('\n')).toEqual([
      'run  outcome   step     score   started           lasted    cost      what differs',
      'one  finished  400/400  12.1 %  2026-11-23 16:00  2 m 05 s  3.50 USD  learningRate 0.001',
      'two  failed    400/400  -       2026-11-23 16:00  -         -         learningRate 0.01; no room',
    ]);
  });

  test('an experiment is told without what its defaults say', () => {
    expect(parse(experimentText(STORED.spec))).toEqual({
      name: 'demo',
      model: { shape: 'accounts/fireworks/trainingShapes/tiny', tokenizer: '/t.json' },
      data: { train: '/d.jsonl' },
      train: { steps: 400, batchSize: 4, optimizer: { learningRate: 0.001 } },
      checkpoint: { every: 100 },
      evaluate: { prompts: '/p.jsonl' },
    });
    const epochs = RunSpec.parse({ ...STORED.spec, train: { ...STORED.spec.train, steps: 0, epochs: 2, seed: 9 } });
    const text = experimentText(epochs);
    expect(RunSpec.parse(parse(text))).toEqual(epochs);
    expect(text).toContain('epochs: 2');
    expect(text).not.toContain('steps: 0');
  });

  test('warnings come first, the newest of each kind with how often', () => {
    const warn = (key: string, message: string, level: 'info' | 'warn' | 'error' = 'warn') =>
      ({ seq: 1, at: STORED.createdAt, phase: 'evaluate', key, message, level }) as const;
    const events = [
      warn('cut/one', '3 cut'),
      warn('data/no-end', 'no end'),
      warn('data/other', 'other end'),
      warn('planned', 'said', 'info'),
      warn('cut/two', '5 cut'),
    ];
    expect(warningLines('run', events, PLAIN)).toEqual([
      '! 5 cut (2 times, this is the last)',
      '! other end',
      '! no end',
    ]);
    const many = Array.from({ length: 9 }, (_, index) => warn(`kind${index}`, `${index}`));
    expect(warningLines('run', many, PLAIN).at(-1)).toBe('! 3 more kinds of warning: pawl logs run');
  });
});
