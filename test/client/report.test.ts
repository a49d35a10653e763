/** Reports of recorded runs: what they say, that they stand for themselves, and that nothing others said does anything in them. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { runReport, sinceReport, sweepReport, toHtml, toMarkdown } from '../../report/index.ts';
import { sinceMsOf } from '../../client/report/report.ts';
import { SweepSpec } from '../../domain/spec/sweep-spec.ts';
import { openStore, type Store } from '../../store/index.ts';
import { checkpoint, metrics, newFolder, newRun, PLAN, scored, SPEC } from '../store/fixtures.ts';

const HOSTILE =
  '<script>alert(1)</script> | [x](javascript:alert) `code` <img src=x> \u001b[2J\n# heading ![y](http://evil)';
const RUN = 'night-1';
const PRICES = { trainerPerHour: 12, replicaPerHour: 0, currency: 'EUR' };
let store: Store;
let nowMs: number;

beforeEach(async () => {
  store = await openStore({ path: join(await newFolder(), 'pawl.db') });
  await store.saveRun({ ...newRun(RUN), spec: { ...SPEC, prices: PRICES, budget: { maxHours: 2 } } });
  for (const step of [20, 40]) await store.recordSteps(RUN, [metrics(step - 1), metrics(step)]);
  for (const [step, score] of [
    [0, 0.1],
    [20, 0.3],
    [40, 0.5],
  ] as const) {
    await store.saveCheckpoint(RUN, checkpoint(step));
    const id = `${RUN}/${step}`;
    const comparison = { reference: 'step-0', mean: score - 0.1, low: 0.02, high: 0.6, pairs: 10 };
    const derived = { scores: [], comparisons: step === 0 ? {} : { overBaseline: comparison } };
    await store.saveEvaluation(RUN, scored(step, 1, { id, score, low: score - 0.05, high: score + 0.05 }), derived);
    await store.saveVerdict(RUN, { checkpoint: `step-${step}`, kind: 'continue', reason: HOSTILE });
  }
  const rewind = { generation: 2, cause: HOSTILE, fromStep: 30, toStep: 20, seconds: 90, cost: 0.3 };
  await store.saveRewind(RUN, rewind);
  await store.planLease(RUN, { kind: 'trainer', id: 'night-1-trainer' });
  await store.endLease({ kind: 'trainer', id: 'night-1-trainer' }, 'JOB_STATE_DELETED');
  const reason = `${HOSTILE}; left unspent: 1.50 of 2 hours`;
  await store.updateRun(RUN, { phase: 'done', step: 40, generation: 2, outcome: 'finished', reason, plan: PLAN });
  nowMs = Date.now();
});
afterEach(() => store.close());

describe('of a run', () => {
  test('what it came to, with its evidence, its money, and what is returned', async () => {
    const document = await runReport(store, RUN, nowMs);
    const markdown = toMarkdown(document);
    expect(markdown).toContain('](data:image/svg+xml;base64,');
    expect(toMarkdown(document, { pictures: false })).not.toContain('base64');
    expect(toMarkdown(document, { pictures: false })).toContain('(picture: loss per step)');
    for (const said of [
      '# night-1: finished',
      '- best: step-40: exact\\_match 50.0 % \\[45.0, 55.0\\]',
      '- best against its baseline: +40.0 points \\[+2.0, +60.0\\] on 10 prompts',
      '- of it for steps trained again: 0.30 EUR',
      '- left of it: 1.50 of 2 hours',
      '| trainer | night-1-trainer |',
      'JOB\\_STATE\\_DELETED',
      'Nothing is rented any more.',
      '- the same weights, asked again: pawl reproduce night-1@step-40',
      'maxHours: 2',
    ]) {
      expect(markdown).toContain(said);
    }
    expect(markdown.match(/!\[[^\]]*\]\(data:image\/svg\+xml;base64,/g)).toHaveLength(2);
  });

  test('is one file: no script, nothing to load, and pictures within', async () => {
    const html = toHtml(await runReport(store, RUN, nowMs));
    expect(html.match(/<svg /g)).toHaveLength(2);
    expect(html).not.toMatch(/<(script|img|link|iframe|object|a)\b/i);
    for (const [tag] of html.matchAll(/<[^>]+>/g)) expect(tag).not.toMatch(/\s(src|href|on\w+)=/i);
    expect(html).toContain("default-src 'none'");
    // What was said is there to be read.
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).toContain('\\u001b[2J');
  });

  test('in Markdown, what was said is a text: no HTML, no link, no picture, no line of its own', async () => {
    const markdown = toMarkdown(await runReport(store, RUN, nowMs));
    const [prose = ''] = markdown.split('```');
    expect(prose).not.toMatch(/(?<!\\)<(script|img)/);
    expect(prose).not.toMatch(/^# heading/m);
    expect(prose).not.toMatch(/(?<!\\)\[x(?<!\\)\]\(/);
    expect(prose).not.toMatch(/(?<!\\)!\[y/);
    // A bar in a verdict makes no further cell.
    const cells = prose.split('\n').flatMap((line) => (line.includes('snapshot-40') ? [line.split(/(?<!\\)\|/)] : []));
    expect(cells.map((row) => row.length)).toEqual([9]);
  });

  test('that has just begun has one all the same, and an unknown one has none', async () => {
    await store.saveRun(newRun('fresh'));
    expect(toMarkdown(await runReport(store, 'fresh', nowMs))).toContain('Nothing was decided');
    expect(toHtml(await runReport(store, 'fresh', nowMs))).not.toContain('<svg');
    await expect(runReport(store, 'nobody', nowMs)).rejects.toThrow('nobody');
  });
});

test('of a sweep: the winner, how much of it may be luck, every trial and why it ended', async () => {
  const parameters = { 'train.batchSize': { values: [8, 16] } };
  const spec = SweepSpec.parse({ name: 'rates', experiment: 'x.yaml', method: 'grid', parameters });
  const names = { sweepId: 'rates-1', name: 'rates', suite: 'main', goal: 'maximize', askedBy: 'me' } as const;
  await store.saveSweep({ ...names, spec, experiment: SPEC });
  for (const number of [0, 1]) {
    const run = { runId: `rates-t${number}`, runHex: '00000000', spec: SPEC };
    const planned = { run, parameters: { 'train.batchSize': 8 * (number + 1) }, workPerStep: 8, every: 20, steps: 40 };
    await store.saveTrial('rates-1', { number, proposedOrder: number, planned });
    const score = { checkpoint: 'step-20', step: 20, score: 0.3 + number / 10, low: 0.2, high: 0.6, prompts: 24 };
    await store.saveTrialScore('rates-1', number, { ...score, order: 2 + number });
  }
  await store.endTrial('rates-1', 0, { state: 'stopped', endedOrder: 4, reason: 'at rung 20: 2 of 2' });
  const best = { number: 1, runId: 'rates-t1', checkpoint: 'step-20', step: 20, score: 0.4 };
  await store.updateSweep('rates-1', { outcome: 'finished', reason: 'all 2 trials', best });
  const sweep = await store.sweep('rates-1');
  if (sweep === undefined) throw new Error('it was saved');
  const markdown = toMarkdown(await sweepReport(store, sweep, nowMs));
  expect(markdown).toContain('- winner: trial 1, rates-t1@step-20: 40.0 % at step 20');
  expect(markdown).toMatch(/- luck in it: of 2 equally good trials the best would seem better by up to \d+\.\d %/);
  expect(markdown).toMatch(/\| 0 \| rates-t0 \| stopped \| 8 \| 20 \| 30\.0 % .*at rung 20: 2 of 2 \|/);
});

test('since a moment: what moved, what is rented, and nothing of before', async () => {
  await store.planLease(RUN, { kind: 'deployment', id: 'night-1-deploy' });
  await store.announce({ kind: 'run.finished', subject: { kind: 'run', id: RUN }, ordinal: 'end', title: 'it ended' });
  const now = toMarkdown(await sinceReport(store, nowMs - 3_600_000, Date.now()));
  for (const said of ['| night-1 | finished | 40 |', 'it ended', 'night-1-deploy', 'Nothing waits for you.']) {
    expect(now).toContain(said);
  }
  const later = toMarkdown(await sinceReport(store, Date.now() + 1, Date.now()));
  expect(later).toContain('No run moved.');
});

test('moments as people write them', () => {
  const noon = new Date(2026, 10, 28, 12).getTime();
  expect(sinceMsOf('yesterday', noon)).toBe(new Date(2026, 10, 27).getTime());
  expect(sinceMsOf('today', noon)).toBe(new Date(2026, 10, 28).getTime());
  expect(sinceMsOf('36h', noon)).toBe(noon - 36 * 3_600_000);
  expect(sinceMsOf('2026-11-01', noon)).toBe(new Date(2026, 10, 1).getTime());
  expect(() => sinceMsOf('soon', noon)).toThrow('"soon" is no time. Write yesterday');
});
