/** One trouble, and runs that it meets each in another phase; afterwards, the accounts of every machine that was made. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { gather, type Evidence } from '../../../chaos/evidence.ts';
import { DisturbedStack } from '../../../chaos/stack.ts';
import { loadExperiment, storeFile, type RunDetails } from '../../../client/index.ts';
import { plannerOf } from '../../../domain/words/machines.ts';
import { backUp } from '../../../store/backup/backup.ts';
import { openStore } from '../../../store/index.ts';
import { writeExperiment } from '../../e2e/experiment.ts';
import { EVERY, Holds, STEPS, type Phase } from './phases.ts';
import type { Trouble } from './troubles.ts';

const NAMESPACE = 'default';
/** A gate that nobody passes: what is asked for is settled all the same. */
const PROMOTION = { alias: 'troubled' };
const EXPERIMENT = {
  train: { steps: STEPS, batchSize: 8, seed: 3, windowSteps: 2, optimizer: { learningRate: 0.01 } },
  checkpoint: { every: EVERY, baseEvery: 3 },
  promotion: PROMOTION,
};

export interface Ended {
  readonly phase: Phase;
  readonly run: RunDetails;
  readonly evidence: Evidence;
}

interface Cell {
  readonly phase: Phase;
  readonly runId: string;
}

export class TroubledStack {
  readonly stack: DisturbedStack;
  readonly temporal: Client;
  readonly #connection: Connection;
  readonly #holds: Holds;
  readonly #file: string;

  private constructor(stack: DisturbedStack, connection: Connection) {
    this.stack = stack;
    this.#connection = connection;
    this.temporal = new Client({ connection, namespace: NAMESPACE });
    this.#holds = new Holds(stack);
    this.#file = writeExperiment(join(stack.home, 'experiment'), EXPERIMENT);
  }

  static async start({ home }: { home?: string } = {}): Promise<TroubledStack> {
    const stack = await DisturbedStack.start({
      workers: 1,
      // What nobody holds any more is returned at once; and only when it is asked for.
      workerEnv: { PAWL_LEASE_GRACE_SECONDS: '1', PAWL_RECONCILE_SECONDS: '86400' },
      ...(home !== undefined && { home }),
    });
    return new TroubledStack(stack, await Connection.connect({ address: stack.temporalAddress }));
  }

  async stop(): Promise<void> {
    await this.#connection.close();
    await this.stack.stop();
  }

  async submit(): Promise<string> {
    const { runId } = await this.stack.runs.start(await loadExperiment(this.#file));
    return runId;
  }

  /** Of a run that nothing befalls. */
  async undisturbed(): Promise<Evidence> {
    const runId = await this.submit();
    await this.untilOver(runId);
    return gather(this.stack, await this.untilRecorded(runId));
  }

  /** Brings a run to each phase, lets the trouble begin, lets them go on, ends it after a while, and waits for their ends. */
  async meet(trouble: Trouble, phases: readonly Phase[], seconds: number): Promise<readonly Ended[]> {
    try {
      return await this.#meet(trouble, phases, seconds);
    } finally {
      this.#holds.open();
    }
  }

  async #meet(trouble: Trouble, phases: readonly Phase[], seconds: number): Promise<readonly Ended[]> {
    const planned = phases.filter((phase) => phase !== 'planning');
    const cells = await Promise.all(planned.map((phase) => this.#plan(phase)));
    const end = await this.#backUp(async (copy) => {
      for (const { planned } of cells) planned.open();
      await Promise.all(cells.map(({ gate }) => gate.untilReached()));
      if (phases.includes('planning')) cells.push(await this.#plan('planning'));
      return trouble.begin(this.stack, copy);
    });
    const stopped = cells.filter(({ phase }) => phase === 'stopped');
    for (const { runId } of stopped) await this.stack.runs.stop(runId, { now: true });
    this.#holds.open();
    try {
      // Whatever the store says, and before its trouble is over.
      for (const { runId } of stopped) await this.#untilReturned(runId);
      await this.#last(trouble, cells, seconds);
    } finally {
      await end();
    }
    // One reader at a time: two connections of one process share what they know of a file, and of one that was put back that
    // is old until both have left it.
    const runs = new Map<Phase, RunDetails>();
    for (const { phase, runId } of cells) {
      await this.untilOver(runId);
      runs.set(phase, await this.untilRecorded(runId));
    }
    const ended: Ended[] = [];
    for (const [phase, run] of runs) ended.push({ phase, run, evidence: await gather(this.stack, run) });
    return ended;
  }

  /** A run that can return nothing itself: ended from outside while its store is lost. Returns its id. */
  async loseRun(lose: (stack: DisturbedStack) => Promise<unknown>): Promise<string> {
    const { runId, planned, gate } = await this.#plan('training');
    try {
      planned.open();
      await gate.untilReached();
      await lose(this.stack);
      await this.temporal.workflow.getHandle(runId).terminate('by a test');
      return runId;
    } finally {
      this.#holds.open();
    }
  }

  /** Until Temporal says so, who does not depend on any store. */
  async untilOver(runId: string): Promise<string> {
    for (;;) {
      const found = await this.temporal.workflow
        .getHandle(runId)
        .describe()
        .catch(() => undefined);
      if (found !== undefined && found.status.name !== 'RUNNING') return found.status.name;
      await sleep(100);
    }
  }

  /** Until the store knows how a run ended: told by the run, or by the reconciler where the run told another store. */
  async untilRecorded(runId: string): Promise<RunDetails> {
    for (let looks = 1; ; looks++) {
      const run = await this.stack.runs.show(runId).catch(() => undefined);
      if (run?.stored !== undefined && !['pending', 'running', 'cancelling'].includes(run.stored.outcome)) return run;
      if (looks % 50 === 0) await this.stack.runs.reconcile({ dryRun: false });
      await sleep(100);
    }
  }

  /** Nothing is rented, and each machine that the platform ever made stands in the store, with its return. */
  async expectAccountsOf(runIds: readonly string[]): Promise<void> {
    const { made, rented } = await this.stack.ledger();
    expect(rented).toEqual({ trainerJobs: [], deployments: [] });
    expect((await this.stack.runs.reconcile({ dryRun: false })).failed).toEqual([]);
    expect(await this.stack.runs.machines.unknown()).toEqual([]);
    expect((await this.stack.runs.machines.list()).machines).toEqual([]);
    const reader = await openStore({ path: storeFile(this.stack.home), readonly: true });
    try {
      const leases = (await Promise.all(runIds.map((runId) => reader.leases(runId)))).flat();
      const returned = leases.filter(({ releasedAt }) => releasedAt !== undefined).map(({ id }) => id);
      const machines = [...made.trainerJobs, ...made.deployments].filter((id) => runIds.includes(plannerOf(id) ?? ''));
      expect(returned).toEqual(expect.arrayContaining(machines));
    } finally {
      await reader.close();
    }
    await this.#backUp(async () => undefined);
  }

  async #plan(phase: Phase): Promise<Cell & ReturnType<Holds['expect']>> {
    const held = this.#holds.expect(phase);
    const runId = await this.submit();
    held.named(runId);
    await (phase === 'planning' ? held.gate : held.planned).untilReached();
    return { phase, runId, ...held };
  }

  /** Which fails where the store is damaged. Not by a connection of this thread: they are closed when they are collected. */
  async #backUp<T>(use: (copy: string) => Promise<T>): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), 'pawl-copy-'));
    try {
      await backUp(this.stack.home, join(folder, 'copy'));
      return await use(join(folder, 'copy'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  async #untilReturned(runId: string): Promise<void> {
    while (JSON.stringify((await this.stack.ledger()).rented).includes(runId)) await sleep(100);
  }

  /** Where the trouble lasts: for so long, and until a run says what it waits for. */
  async #last({ lasts }: Trouble, cells: readonly Cell[], seconds: number): Promise<void> {
    if (lasts === undefined) return;
    const untilMs = performance.now() + seconds * 1_000;
    const said = new Set<string>();
    while (performance.now() < untilMs || ![...said].some((message) => lasts.test(message))) {
      for (const { runId } of cells) {
        const run = await this.stack.runs.show(runId).catch(() => undefined);
        if (run?.waiting !== undefined) said.add(run.waiting.message);
      }
      await sleep(200);
    }
  }
}
