/** A run told to a log and to a program. */
import { describe, expect, test } from '@jest/globals';
import { changesBetween, resultOf } from '../../client/runs/run-changes.ts';
import { JsonScreen } from '../../client/cli/render/json-screen.ts';
import { PlainScreen } from '../../client/cli/render/plain-screen.ts';
import type { RunView } from '../../client/runs/run-view.ts';
import { PLAIN, RUN_ID, STATUS, VIEW, judgedCheckpoint } from './examples.ts';

const LAST = judgedCheckpoint(100, 0.121, 'continue', 'better');

function at(step: number, changed: Partial<RunView> = {}): RunView {
  return { ...VIEW, status: { ...STATUS, step }, ...changed };
}

describe('between two looks', () => {
  test('nothing changed, nothing to tell', () => {
    expect(changesBetween(at(1), at(1))).toEqual([]);
  });

  test('a checkpoint is told of when it is judged', () => {
    expect(changesBetween(at(1), at(1), [LAST])).toEqual([{ kind: 'checkpoint', checkpoint: LAST }]);
  });

  test('the first look tells of what was there before', () => {
    const kinds = changesBetween(undefined, at(1), [LAST]).map(({ kind }) => kind);
    expect(kinds).toEqual(['checkpoint', 'progress']);
  });

  test('an outage, another attempt at it, and its end are changes', () => {
    const [out, again] = [1, 2].map((attempt) => at(1, { waiting: { message: '503', attempt } }));
    if (out === undefined || again === undefined) throw new Error('two views were made');
    expect(changesBetween(at(1), out).map(({ kind }) => kind)).toEqual(['waiting', 'progress']);
    expect(changesBetween(out, again).map(({ kind }) => kind)).toEqual(['waiting', 'progress']);
    expect(changesBetween(again, at(1)).map(({ kind }) => kind)).toEqual(['progress']);
  });

  test('only a run that is over has a result', () => {
    expect(resultOf(at(1))).toBeUndefined();
    const result = { runId: RUN_ID, outcome: 'failed', reason: '' };
    expect(resultOf(at(1, { outcome: 'failed' }))).toEqual(result);
  });
});

describe('a log', () => {
  function lines(views: readonly RunView[]): string[] {
    const printed: string[] = [];
    const now = (): Date => new Date(2026, 10, 23, 16, 5, 9);
    const screen = new PlainScreen({ print: (line) => printed.push(line), now, colours: PLAIN });
    let seen: RunView | undefined;
    for (const view of views) {
      for (const change of changesBetween(seen, view)) screen.show(change);
      seen = view;
    }
    return printed;
  }

  test('a line when the phase changes or a twentieth of the steps is done, not for every look', () => {
    expect(lines([at(120), at(121), at(139), at(140), at(140, { outcome: 'cancelling' })])).toEqual([
      `16:05:09 ${RUN_ID}  train  step 120/400  loss 2.134  0.11 s/step  about 32 s of training left`,
      `16:05:09 ${RUN_ID}  train  step 140/400  loss 2.134  0.11 s/step  about 30 s of training left`,
      `16:05:09 ${RUN_ID}  cancelling  step 140/400  loss 2.134  0.11 s/step  about 30 s of training left`,
    ]);
  });

  test('an outage is one line, however often it is tried again, and another one when it comes back', () => {
    const out = (attempt: number): RunView => at(120, { waiting: { message: '503', attempt } });
    expect(lines([at(120), out(1), out(2), out(3), at(120), out(1)]).slice(1)).toEqual([
      '16:05:09 trying again: 503 (attempt 1)',
      '16:05:09 trying again: 503 (attempt 1)',
    ]);
  });
});

describe('a program', () => {
  test('gets one event for each change', () => {
    const events: unknown[] = [];
    const screen = new JsonScreen((event) => events.push(event));
    const view = at(120, { waiting: { message: '503', attempt: 2 } });
    for (const change of changesBetween(undefined, view, [LAST])) screen.show(change);
    screen.note('stopping');
    expect(events).toEqual([
      { event: 'checkpoint', ...LAST },
      { event: 'waiting', message: '503', attempt: 2 },
      { event: 'progress', runId: RUN_ID, outcome: 'running', status: { ...STATUS, step: 120 } },
      { event: 'note', message: 'stopping' },
    ]);
  });
});
