/** Long runs: what they carry, how long their histories are, and how long they wait. `npm run long` is the long form. */
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '../local/support.ts';
import { Answering, experiment, type Started } from './answering.ts';
import { scored, type Platform } from './platform-that-answers.ts';

const HOUR_MS = 3_600_000;
const CHECKPOINTS = Number(process.env['PAWL_LONG_CHECKPOINTS'] ?? 200);
const TRAIN = { batchSize: 4, optimizer: { learningRate: 0.01 } };

const folder = temporaryFolder();
let runs: Answering;

beforeAll(async () => {
  runs = await Answering.open(folder, { skipping: true });
}, 600_000);

afterAll(async () => {
  await runs?.close();
}, 300_000);

describe('a proof that hangs for two days', () => {
  test.each([
    ['beside training', 10],
    ['at the end', 20],
  ])(
    '%s is waited for, and counts once it is there',
    async (_, hanging) => {
      const began = await runs.nowMs();
      const run = await runs.start(experiment(), (platform) => {
        platform.answers.evaluate = async (input) => {
          const hangs = input.checkpoint.step === hanging && (await runs.nowMs()) - began < 48 * HOUR_MS;
          // The clock does not skip what somebody works at: an hour without an answer is one that passes between attempts.
          if (hangs)
            throw ApplicationFailure.create({ type: 'Unavailable', message: 'no answer', nextRetryDelay: '1h' });
          return { kind: 'scored', evaluation: scored(input, 0.1) };
        };
      });
      expect(await run.report()).toMatchObject({ outcome: 'finished', steps: 20, last: { evaluation: { step: 20 } } });
      expect((await runs.nowMs()) - began).toBeGreaterThan(48 * HOUR_MS);
      const verdicts = run.platform.records.flatMap(({ verdict }) => verdict?.kind ?? []);
      expect(verdicts).toEqual(['continue', 'continue', 'stop']);
      expect(run.platform.count('evaluate')).toBeGreaterThan(48);
      const { events } = await run.handle.fetchHistory();
      expect(events?.length).toBeLessThan(1_000);
      expect(run.platform.rented()).toEqual([]);
    },
    600_000,
  );
});

describe('what a run carries', () => {
  test(
    `is as much after ${CHECKPOINTS} checkpoints as after a few, and its history stays short`,
    async () => {
      const train = { ...TRAIN, steps: CHECKPOINTS, windowSteps: 1 };
      const run = await runs.start(experiment({ train, checkpoint: { every: 1 } }), forgetful);
      await run.report();
      const sizes = await carriedSizes(run);
      expect(sizes.length).toBeGreaterThan(2);
      expect(Math.max(...sizes)).toBeLessThan(50_000);
      // Numbers grow by a digit here and there.
      expect(Math.max(...sizes) - Math.min(...sizes.slice(1))).toBeLessThan(500);
    },
    CHECKPOINTS * 10_000,
  );

  test('is no more after five million steps', async () => {
    const train = { ...TRAIN, steps: 5_000_000 };
    const run = await runs.start(experiment({ train, checkpoint: { every: 250_000 } }), forgetful);
    expect(await run.report()).toMatchObject({ outcome: 'finished', steps: 5_000_000 });
    expect(Math.max(...(await carriedSizes(run)))).toBeLessThan(50_000);
  }, 600_000);
});

/** Of a long run nothing is kept here either, but how much memory was in use. */
function forgetful(platform: Platform): void {
  let saved = 0;
  platform.answers.record = () => ({ missing: false });
  platform.answers.saveSnapshot = ({ name }) => {
    platform.calls.length = 0;
    saved += 1;
    if (saved % 1_000 === 0) {
      const megabytes = Math.round(process.memoryUsage.rss() / 1e6);
      process.stderr.write(`${new Date().toISOString()} ${saved} checkpoints, ${megabytes} MB\n`);
    }
    return `${name}-${saved}`;
  };
}

/** Bytes handed on each time the run continued as new. */
async function carriedSizes({ handle }: Started): Promise<number[]> {
  const sizes: number[] = [];
  let runId: string | undefined = handle.firstExecutionRunId;
  while (runId !== undefined) {
    const { events }: { events?: readonly HistoryEvent[] | null } = await runs.client.workflow
      .getHandle(handle.workflowId, runId)
      .fetchHistory();
    expect(events?.length).toBeLessThan(2_600);
    const continued: HistoryEvent['workflowExecutionContinuedAsNewEventAttributes'] =
      events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes;
    if (continued === null || continued === undefined) break;
    sizes.push((continued.input?.payloads ?? []).reduce((sum, { data }) => sum + (data?.length ?? 0), 0));
    runId = continued.newExecutionRunId ?? undefined;
  }
  return sizes;
}

/** The part that is looked at. */
interface HistoryEvent {
  readonly workflowExecutionContinuedAsNewEventAttributes?: {
    readonly newExecutionRunId?: string | null;
    readonly input?: { readonly payloads?: readonly { readonly data?: Uint8Array | null }[] | null } | null;
  } | null;
}
