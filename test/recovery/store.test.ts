/**
 * A store in trouble, at every phase of a run: the run ends or goes on, nothing stays rented, and every machine that the
 * platform ever made is accounted for. The most telling cells; all of them, each trouble for as long as
 * PAWL_STORE_TROUBLE_SECONDS says: `npm run store-trouble`.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Evidence } from '../../chaos/evidence.ts';
import { TroubledStack, type Ended } from './store-trouble/episode.ts';
import { PHASE_NAMES, type Phase } from './store-trouble/phases.ts';
import {
  mayMount,
  mountSmallDisk,
  TROUBLES,
  unmount,
  WHOLE_DISK,
  type Trouble,
  type TroubleName,
} from './store-trouble/troubles.ts';

const EVERY_CELL = process.env['PAWL_EVERY_STORE_TROUBLE'] !== undefined;
/** Longer than the store itself waits for a lock. */
const SECONDS = Number(process.env['PAWL_STORE_TROUBLE_SECONDS'] ?? 6);
const LIMIT_MS = 1_200_000 + SECONDS * 1_000;

const TELLING: Readonly<Partial<Record<TroubleName, readonly Phase[]>>> = {
  'moved away': ['finishing'],
  locked: ['training', 'stopped'],
  full: ['proving'],
  'set back to an older copy': ['provisioning'],
};

const TABLE = (Object.entries(TROUBLES) as [TroubleName, Trouble][]).flatMap(([name, trouble]) => {
  const phases = EVERY_CELL ? PHASE_NAMES : TELLING[name];
  return phases === undefined ? [] : [{ name, trouble, phases }];
});

/** What is not the store's alone: whatever becomes of it, the platform has it. */
const ELSEWHERE = 'final resumable state, byte for byte';

/** Where nothing is rented yet, a trouble of more than some minutes is told instead of being waited for. */
const PLANNED_WITHIN_SECONDS = 120;

function expectAsItShouldBe({ phase, run, evidence }: Ended, { lasts, loses }: Trouble, undisturbed: Evidence): void {
  if (phase === 'stopped') {
    expect(run.outcome).toBe('cancelled');
    return;
  }
  if (phase === 'planning' && lasts !== undefined && SECONDS > PLANNED_WITHIN_SECONDS && run.outcome === 'failed') {
    expect(run.stored?.reason).toMatch(lasts);
    return;
  }
  if (!loses) expect({ phase, evidence }).toEqual({ phase, evidence: undisturbed });
  expect({ phase, outcome: run.outcome }).toEqual({ phase, outcome: 'finished' });
  expect({ phase, state: evidence[ELSEWHERE] }).toEqual({ phase, state: undisturbed[ELSEWHERE] });
}

async function expectThrough(
  troubled: TroubledStack,
  { trouble, phases }: { trouble: Trouble; phases: readonly Phase[] },
  undisturbed: Evidence,
): Promise<void> {
  const ended = await troubled.meet(trouble, phases, SECONDS);
  for (const one of ended) expectAsItShouldBe(one, trouble, undisturbed);
  await troubled.expectAccountsOf(ended.map(({ run }) => run.runId));
}

describe('a store', () => {
  let troubled: TroubledStack | undefined;
  let undisturbed: Evidence;

  beforeAll(async () => {
    troubled = await TroubledStack.start();
    undisturbed = await troubled.undisturbed();
  }, 600_000);

  afterAll(async () => {
    await troubled?.stop();
  }, 300_000);

  test.each(TABLE)(
    'that is $name while runs are $phases: nothing stays rented, or unaccounted for',
    async (cells) => {
      if (troubled !== undefined) await expectThrough(troubled, cells, undisturbed);
    },
    LIMIT_MS,
  );

  (EVERY_CELL ? test : test.skip)(
    'that is lost, and whose run was ended from outside, lists its machines by its own mark, and returns them',
    async () => {
      if (troubled === undefined) return;
      const { stack } = troubled;
      const runId = await troubled.loseRun((lost) => TROUBLES['moved away'].begin(lost));
      const found = await stack.runs.machines.unknown();
      expect(found.map(({ id, holder, inUse, ours }) => [id, holder, inUse, ours])).toEqual([
        [`${runId}-trainer`, runId, false, true],
        [`${runId}-deploy`, runId, false, true],
      ]);
      const how = { requestedBy: 'a test', force: false, forget: false, unknown: true };
      for (const { id } of found) await stack.runs.machines.release({ id, ...how });
      expect((await stack.ledger()).rented).toEqual({ trainerJobs: [], deployments: [] });
      expect(await stack.runs.machines.unknown()).toEqual([]);
    },
    LIMIT_MS,
  );
});

(EVERY_CELL && mayMount() ? describe : describe.skip)('one disk for Temporal, the platform and the store', () => {
  let disk: string | undefined;
  let troubled: TroubledStack | undefined;

  beforeAll(() => {
    disk = mountSmallDisk();
  });

  afterAll(async () => {
    await troubled?.stop();
    if (disk !== undefined) unmount(disk);
  }, 300_000);

  test(
    'is full for a while: runs wait, say why, and lose nothing',
    async () => {
      if (disk === undefined) throw new Error('no disk');
      troubled = await TroubledStack.start({ home: disk });
      const undisturbed = await troubled.undisturbed();
      // Nobody can be asked for anything meanwhile.
      const phases = PHASE_NAMES.filter((phase) => phase !== 'stopped');
      await expectThrough(troubled, { trouble: WHOLE_DISK, phases }, undisturbed);
    },
    LIMIT_MS,
  );
});
