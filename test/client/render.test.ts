/** What a person sees, line by line, without a terminal. */
import { describe, expect, test } from '@jest/globals';
import type { Comparison, StoredCheckpoint } from '../../store/index.ts';
import { colours } from '../../client/cli/render/colours.ts';
import { eventLine } from '../../client/cli/render/event-line.ts';
import { bar, costText, durationText } from '../../client/cli/render/format.ts';
import { lossPlot } from '../../client/cli/render/loss-plot.ts';
import { reconcileLines } from '../../client/cli/render/reconcile-lines.ts';
import { checkpointLine, liveLines, waitingText } from '../../client/cli/render/run-lines.ts';
import { runReport } from '../../client/cli/render/run-report.ts';
import { suiteTable } from '../../client/cli/render/suite-table.ts';
import { runTable } from '../../client/cli/render/run-table.ts';
import { checkpointTable, comparisonTable } from '../../client/cli/render/tables.ts';
import { cut, oneLine, printable, truncate, visibleLength } from '../../client/cli/render/text.ts';
import type { StepMetrics } from '../../domain/words/training.ts';
import { PLAIN, RUN_ID, STATUS, STORED, VIEW, judgedCheckpoint } from './examples.ts';

const BASELINE = judgedCheckpoint(0, 0.04, 'continue', 'baseline exact_match 4.0 %');
const LAST = judgedCheckpoint(100, 0.121, 'stop', 'exact_match 12.1 % reaches the target 10.0 %, interval included');

function lossesOf(values: readonly number[]): StepMetrics[] {
  return values.map((lossMean, index) => ({
    step: index + 1,
    generation: 1,
    lossMean,
    learningRate: 0.001,
    tokens: 100,
    seconds: 0.1,
  }));
}

/** Each step by itself. */
function curveOf(values: readonly number[]): Parameters<typeof lossPlot>[0] {
  return values.map((loss, index) => ({
    fromStep: index + 1,
    toStep: index + 1,
    steps: 1,
    ...(Number.isFinite(loss) && { lossMean: { min: loss, mean: loss, max: loss } }),
    notFinite: Number.isFinite(loss) ? 0 : 1,
    tokens: 100,
    seconds: 0.1,
  }));
}

describe('the live block', () => {
  test('tells where the run is, what serves, how good it is, and the cost', () => {
    expect(liveLines(VIEW, PLAIN, 1_065_000)).toEqual([
      `${RUN_ID}  train  ━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌ step 120/400  loss 2.134  0.11 s/step  about 32 s of training left`,
      'checkpoint step-000100-g1  serving step-000100-g1-1a2b3c4d (confirmed)',
      'exact_match 12.1 %  baseline 0.0 %  best 12.1 %',
      'cost free (no prices set), rented for 1 m 05 s',
    ]);
  });

  test('moves with every step of the window, though the run hears of them later', () => {
    const latest = { step: 130, generation: 1, lossMean: 2, learningRate: 0.001, tokens: 100, seconds: 0.1 };
    const [head] = liveLines({ ...VIEW, latest }, PLAIN, 0);
    expect(head).toMatch(/step 130\/400 {2}loss 2\.000 .* about 31 s of training left$/);
  });

  test('before a worker took the run there is nothing to tell but that', () => {
    const waiting = { message: 'no worker is polling task queue pawl' };
    expect(liveLines({ runId: RUN_ID, outcome: 'pending', waiting }, PLAIN, 0)).toEqual([
      `${RUN_ID}  pending`,
      'waiting: no worker is polling task queue pawl',
    ]);
  });

  test('a stop is announced, and no time left is promised', () => {
    const [head] = liveLines({ ...VIEW, status: { ...STATUS, stopRequested: true } }, PLAIN, 0);
    expect(head).toContain('train, stopping');
    expect(head).not.toContain('left');
  });

  test('a cancelled run says so until it is over', () => {
    expect(liveLines({ ...VIEW, outcome: 'cancelling' }, PLAIN, 0)[0]).toContain(`${RUN_ID}  cancelling`);
  });

  test('an outage is one line, whatever the message holds', () => {
    expect(waitingText({ message: 'createTrainer:\u0007\n\u001B[31m503\u001B[0m busy', attempt: 4 })).toBe(
      'trying again: createTrainer: 503 busy (attempt 4)',
    );
  });
});

describe('lines that stay', () => {
  test('a checkpoint', () => {
    expect(checkpointLine(LAST, PLAIN)).toBe(
      '✓ step 100  delta  step-000100-g1-1a2b3c4d  exact_match 12.1 % [8.1, 16.1]  ' +
        'stop: exact_match 12.1 % reaches the target 10.0 %, interval included',
    );
  });

  test('an event', () => {
    const event = { seq: 1, key: 'k', at: '2026-11-23T16:00:00.000Z', phase: 'train', level: 'warn' } as const;
    expect(eventLine({ ...event, message: 'two\nlines' }, PLAIN)).toBe(
      '2026-11-23T16:00:00.000Z warn  train       two lines',
    );
  });
});

describe('tables', () => {
  test('reasons of verdicts where there is room', () => {
    expect(checkpointTable([BASELINE, LAST], 125).split('\n')).toEqual([
      'checkpoint      type   step  identity                 exact_match [95 %]  verdict',
      'step-000000-g1  base   0     step-000000-g1-1a2b3c4d  4.0 % [0.0, 8.0]    continue: baseline exact_match 4.0 %',
      'step-000100-g1  delta  100   step-000100-g1-1a2b3c4d  12.1 % [8.1, 16.1]  stop: exact_match 12.1 % reaches the target 10.0 %…',
    ]);
  });

  test('only the verdict in 100 columns, and never wider', () => {
    const lines = checkpointTable([BASELINE, LAST], 100).split('\n');
    expect(lines.at(-1)?.endsWith('  stop')).toBe(true);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test('a checkpoint that was not evaluated has no score, and none of zero', () => {
    const { checkpoint, savedAt } = LAST;
    expect(checkpointTable([{ checkpoint, savedAt }], 100).split('\n').at(-1)).toBe(
      'step-000100-g1  delta  100   step-000100-g1-1a2b3c4d  -             -',
    );
  });

  test('the gain over the baseline, and what it is worth', () => {
    const at = (step: number, over: Omit<Comparison, 'reference'> | undefined): StoredCheckpoint => ({
      ...judgedCheckpoint(step, 0.1, 'continue', ''),
      ...(over && { overBaseline: { reference: 'step-000000-g1', ...over } }),
    });
    const rows = [
      at(0, undefined),
      at(100, { mean: 0.02, low: -0.01, high: 0.05, pairs: 24, pairsToSettle: 79 }),
      at(200, { mean: 0.121, low: 0.1, high: 0.15, pairs: 24 }),
      at(300, { mean: -0.2, low: -0.3, high: -0.1, pairs: 23 }),
      at(400, { mean: 0.5, pairs: 1 }),
    ];
    expect(comparisonTable(rows, 100)?.split('\n')).toEqual([
      'checkpoint      over the baseline [95 %]  prompts  which is',
      'step-000100-g1  +2.0 [-1.0, +5.0]         24       perhaps chance: about 79 prompts would tell',
      'step-000200-g1  +12.1 [+10.0, +15.0]      24       better',
      'step-000300-g1  -20.0 [-30.0, -10.0]      23       worse',
      'step-000400-g1  +50.0                     1        one prompt: no evidence',
    ]);
    expect(comparisonTable([BASELINE], 100)).toBeUndefined();
  });

  test('every reference of a comparison where there is room for them', () => {
    const over = (reference: string, mean: number): Comparison => ({ reference, mean, pairs: 24 });
    const rows = [
      { ...judgedCheckpoint(100, 0.1, 'continue', ''), overParent: over('p', 0) },
      { ...judgedCheckpoint(200, 0.2, 'continue', ''), overBaseline: over('b', 0.1), overPrevious: over('b', 0.05) },
    ];
    expect(comparisonTable(rows, 160)?.split('\n')).toEqual([
      'checkpoint      over the baseline [95 %]  over the parent [95 %]  over the one before [95 %]  prompts  which is',
      'step-000100-g1  -                         +0.0                    -                           -        -',
      'step-000200-g1  +10.0                     -                       +5.0                        24       one prompt: no evidence',
    ]);
    expect(comparisonTable(rows, 80)?.split('\n')[0]).toMatch(/^checkpoint {6}over the baseline \[95 %\] {2}prompts/);
  });

  test('further suites, a column each, or a line each where columns are too wide', () => {
    const [{ evaluation }] = [BASELINE];
    if (evaluation === undefined) throw new Error('the baseline is evaluated');
    const sure = { ...evaluation, suite: 'sure', metric: 'pass@2 exact_match', score: 0.5, low: 0.4, high: 0.6 };
    const rows = [{ ...BASELINE, suites: [{ ...evaluation, suite: 'rare', metric: '1/perplexity' }, sure] }, LAST];
    expect(suiteTable(rows, 100)?.split('\n')).toEqual([
      'checkpoint      rare: 1/perplexity [95 %]  sure: pass@2 exact_match [95 %]',
      'step-000000-g1  4.0 % [0.0, 8.0]           50.0 % [40.0, 60.0]',
      'step-000100-g1  -                          -',
    ]);
    expect(suiteTable(rows, 70)?.split('\n')).toEqual([
      'suite  metric              checkpoint      score [95 %]',
      'rare   1/perplexity        step-000000-g1  4.0 % [0.0, 8.0]',
      'rare   1/perplexity        step-000100-g1  -',
      'sure   pass@2 exact_match  step-000000-g1  50.0 % [40.0, 60.0]',
      'sure   pass@2 exact_match  step-000100-g1  -',
    ]);
    expect(suiteTable([BASELINE, LAST], 100)).toBeUndefined();
    expect(checkpointLine({ ...LAST, suites: [sure] }, PLAIN)).toContain('[8.1, 16.1]  sure 50.0 %  stop: ');
  });

  test('answers that came to no end, where there are some', () => {
    const ended = (row: typeof LAST, endings: { cut?: number; unended?: number }): typeof LAST =>
      row.evaluation === undefined ? row : { ...row, evaluation: { ...row.evaluation, samples: 200, ...endings } };
    const rows = [ended(BASELINE, { cut: 150 }), ended(LAST, { cut: 1 })];
    const [head = '', first = '', last = ''] = checkpointTable(rows, 120).split('\n');
    expect(head).toMatch(/exact_match \[95 %\] +cut +verdict$/);
    expect([first, last].map((line) => / (75|0\.5) % /.exec(line)?.[1])).toEqual(['75', '0.5']);
    expect(checkpointTable([ended(LAST, { unended: 200 })], 120)).toMatch(/still reasoning.*\n.* 100 % /);
    expect(checkpointTable([BASELINE, LAST], 120)).not.toMatch(/cut|reasoning/);
  });

  test('runs, one line each', () => {
    const summary = { runId: RUN_ID, outcome: 'failed', createdAt: STORED.createdAt } as const;
    const runs = [{ ...summary, phase: 'done', step: 7, steps: 400, reason: 'the key\nwas refused' } as const, summary];
    expect(runTable(runs, 100).split('\n')).toEqual([
      'run            outcome  step   started           reason',
      'demo-1a2b3c4d  failed   7/400  2026-11-23 16:00  the key was refused',
      'demo-1a2b3c4d  failed   -      2026-11-23 16:00',
    ]);
  });
});

describe('the loss plot', () => {
  test('spans the width, first and last step at its ends', () => {
    const lines = lossPlot(curveOf([3, 2, 1]), 60)?.split('\n') ?? [];
    expect(lines[0]).toBe('loss per step (mean −log p per token, in nats)');
    expect(lines[1]).toMatch(/^ {3}3\.000 ┼/);
    expect(lines.at(-2)).toMatch(/^ {3}1\.000 ┤.*╰/);
    expect(lines.at(-1)).toBe(`          step 1${' '.repeat(38)}step 3`);
    expect(Math.max(...lines.map((line) => line.length))).toBe(60);
  });

  test('leaves out what is not a number, and needs two points', () => {
    expect(lossPlot(curveOf([2, Number.NaN, Number.POSITIVE_INFINITY]), 60)).toBeUndefined();
    expect(lossPlot(curveOf([2, Number.NaN, 1]), 60)).toContain('1.000');
  });

  test('a thousand steps fit as well', () => {
    const plot = lossPlot(curveOf(Array.from({ length: 1_000 }, (_, index) => 1_000 - index)), 80) ?? '';
    expect(Math.max(...plot.split('\n').map((line) => line.length))).toBe(80);
  });
});

describe('the report', () => {
  const details = {
    ...VIEW,
    outcome: 'finished',
    reason: 'all done',
    checkpoints: [LAST],
    checkpointCount: 1,
    landmarks: [],
    steps: [],
    curve: [],
    rewinds: [],
    changes: [],
    appraisals: [],
    events: [],
  } as const;
  const ended = { seq: 9, key: 'ended', at: STORED.updatedAt, phase: 'done', level: 'info' } as const;

  test('ends with the outcome, its reason, what was released, and what to do next', () => {
    const message = 'finished: all done (trainer JOB_STATE_DELETED, deployment DELETED)';
    const lines = runReport({ ...details, events: [{ ...ended, message }] }, PLAIN, 100).split('\n');
    expect(lines.slice(-2)).toEqual([
      `${RUN_ID} ${message}`,
      `next: pawl show ${RUN_ID}, pawl samples ${RUN_ID}, pawl logs ${RUN_ID}`,
    ]);
  });

  test('Temporal overrules last words that say otherwise', () => {
    const events = [{ ...ended, message: 'finished: all done' }];
    const lines = runReport({ ...details, outcome: 'crashed', reason: 'terminated', events }, PLAIN, 100).split('\n');
    expect(lines).toContain(`${RUN_ID} crashed: terminated`);
  });

  test('tells of every rewind, and what they cost together', () => {
    const rewind = { generation: 2, cause: 'gone\nand lost', fromStep: 7, toStep: 4, seconds: 61, cost: 0.25 };
    const again = { ...rewind, generation: 3, fromStep: 9, seconds: 1, cost: 0 };
    const recorded = [rewind, again].map((one) => ({ ...one, recordedAt: STORED.updatedAt }));
    const lines = runReport({ ...details, rewinds: recorded }, PLAIN, 100).split('\n');
    const from = lines.indexOf('rewound from step 7 to 4, generation 2: gone and lost (lost 1 m 01 s and 0.25 USD)');
    expect(lines.slice(from + 1, from + 3)).toEqual([
      'rewound from step 9 to 4, generation 3: gone and lost (lost 1 s)',
      '2 rewinds: lost 1 m 02 s and 0.25 USD',
    ]);
    expect(runReport(details, PLAIN, 100)).not.toContain('rewi');
  });

  test('tells the metrics of the last step that has some, the first eight, on one line', () => {
    const [first, second, third] = lossesOf([3, 2, Number.NaN]);
    if (first === undefined || second === undefined || third === undefined) throw new Error('three steps were made');
    const some = { 'logprob:mean': -1.23456, 'two\nlines': 0.5, tokens: 123_456, tiny: 1.23456e-9, zero: 0 };
    const steps = [
      { ...first, metrics: { old: 1 } },
      { ...second, metrics: { ...some, f: 6, g: 7, h: 8, i: 9, j: 10 } },
      third,
    ];
    const lines = runReport({ ...details, steps }, PLAIN, 100).split('\n');
    expect(lines.filter((line) => line.startsWith('metrics'))).toEqual([
      'metrics of step 2: logprob:mean -1.235, two lines 0.5, tokens 1.235e+5, tiny 1.235e-9, zero 0, f 6, g 7, h 8, and 2 more',
    ]);
    expect(runReport({ ...details, steps: lossesOf([3, 2]) }, PLAIN, 100)).not.toContain('metrics');
  });

  test('of many checkpoints shows the last ones, with the best and the first, and says how to see more', () => {
    const run = {
      ...details,
      landmarks: [judgedCheckpoint(30, 0.9, 'continue', 'best'), BASELINE],
      checkpointCount: 4_000,
    };
    const lines = runReport(run, PLAIN, 100).split('\n');
    expect(lines.slice(1, 4).map((line) => line.slice(0, 14))).toEqual([
      'step-000000-g1',
      'step-000030-g1',
      'step-000100-g1',
    ]);
    expect(lines).toContain(
      `3999 of 4000 checkpoints are not on this page: pawl show ${RUN_ID} --before step-000100-g1`,
    );
    expect(runReport(details, PLAIN, 100)).not.toContain('--before');
  });

  test('of a run that goes on offers to stop it', () => {
    const lines = runReport({ ...details, outcome: 'running' }, PLAIN, 100).split('\n');
    expect(lines.at(-1)).toBe(
      `next: pawl show ${RUN_ID}, pawl samples ${RUN_ID}, pawl logs ${RUN_ID}, pawl stop ${RUN_ID}`,
    );
  });
});

describe('a reconciliation', () => {
  const orphan = {
    kind: 'trainer',
    id: 'a-trainer',
    runId: 'a',
    plannedAt: '',
    fate: 'was terminated at noon',
  } as const;
  const nothing = { dryRun: false, checked: 2, foreign: 0, elsewhere: 0, orphans: [], retired: [], failed: [] };

  test('tells what it returned, and what it could not', () => {
    const other = { ...orphan, kind: 'deployment', id: 'b-deploy' } as const;
    const retired = [{ ...orphan, state: 'JOB_STATE_DELETED' }];
    const failed = [{ ...other, reason: 'the platform\nis away' }];
    expect(reconcileLines({ ...nothing, orphans: [orphan, other], retired, failed })).toEqual([
      '2 open leases, 1 retired, 1 failed',
      'trainer a-trainer: its run was terminated at noon; now JOB_STATE_DELETED',
      'deployment b-deploy: its run was terminated at noon; could not be retired yet: the platform is away',
    ]);
  });

  test('that only looks says what it would do, and what is not its business', () => {
    expect(
      reconcileLines({ ...nothing, dryRun: true, checked: 1, foreign: 3, elsewhere: 0, orphans: [orphan] }),
    ).toEqual([
      '1 open lease, 1 would be retired',
      'trainer a-trainer: its run was terminated at noon',
      '3 more of runs in another Temporal namespace: left to its own workers',
    ]);
  });
});

describe('text and numbers', () => {
  test.each([
    [0, '0 s'],
    [59.6, '1 m 00 s'],
    [3_599, '59 m 59 s'],
    [7_620, '2 h 07 m'],
    [273_600, '3 d 04 h'],
  ])('%d seconds', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });

  test('money is rate times time', () => {
    const facts = { costPerHour: 12, rentedSinceMs: 0, nowMs: 1_800_000, currency: 'USD' };
    expect(costText(facts)).toBe('6.00 USD, rented for 30 m 00 s at 12.00 an hour');
  });

  test('a bar is full at the end and not before', () => {
    expect([bar(0, 10, 4), bar(9, 10, 4), bar(10, 10, 4), bar(0, 0, 4)]).toEqual(['╌╌╌╌', '━━━╌', '━━━━', '╌╌╌╌']);
  });

  test('cutting keeps colours whole and closes them', () => {
    const red = colours(true).bad('abcdef');
    expect(cut(red, 4)).toBe('\u001B[31mabc…\u001B[0m');
    expect(cut(red, 6)).toBe(red);
    expect(visibleLength(red)).toBe(6);
  });

  test('of what is printed only our own colours act on a terminal', () => {
    const text = `${colours(true).bad('red')} \u001B[2J\u001B[8mhidden\u001B]0;title\u0007 \u202Eexe`;
    expect(printable(text, { colours: true })).toBe(
      `${colours(true).bad('red')} \\u001b[2J\\u001b[8mhidden\\u001b]0;title\\u0007 \\u202eexe`,
    );
    expect(printable(text, { colours: false })).not.toContain('\u001B');
    const { good, bad, warn, dim, strong, live } = colours(true);
    const all = [good, bad, warn, dim, strong, live].map((colour) => colour('x')).join('\n');
    expect(printable(all, { colours: true })).toBe(all);
  });

  test('truncating marks that something is missing', () => {
    expect([truncate('abc', 3), truncate('abcd', 3), truncate('abcd', 0)]).toEqual(['abc', 'ab…', '']);
  });

  test('control characters and line breaks become spaces', () => {
    expect(oneLine(' a\u0000b\r\n\tc\u001B[2J ')).toBe('a b c');
    expect(oneLine('safe\u202Eexe.txt')).toBe('safe\\u202eexe.txt');
  });
});
