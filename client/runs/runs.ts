/** The facade over everything that can be done with runs: what the CLI, programs and servers use alike. */
import type { RunEvent, SpanRequest, StepSpan, StoreReader } from '../../store/index.ts';
import type { BranchesStatus } from '../../domain/words/branches.ts';
import type { ReconcileInput, ReconcileReport } from '../../domain/words/reconcile.ts';
import { withLiveChanges } from '../../domain/spec/live-settings.ts';
import { unsettable } from '../../domain/decide/live-changes.ts';
import type { Settings } from '../../domain/spec/spec-changes.ts';
import type { SetAnswer } from '../../domain/words/live-changes.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { RunInput, RunOutcome } from '../../domain/words/run.ts';
import type { StepMetrics } from '../../domain/words/training.ts';
import { Audit } from '../access/audit.ts';
import { Requests } from '../access/requests.ts';
import { Tokens } from '../access/tokens.ts';
import { branchInput, type Branch, type BranchRequest } from '../lineage/branch.ts';
import { lookUpCheckpoint, orLast } from '../lineage/checkpoint-reference.ts';
import { readLineage, type LineageRun } from '../lineage/lineage.ts';
import { UserError } from '../errors.ts';
import { effectText } from './effects.ts';
import type { RunChange } from './run-changes.ts';
import { promotionMarks } from '../promotion/promotion-marks.ts';
import { Notify } from '../notify/notify.ts';
import { Promotions } from '../promotion/promotions.ts';
import { PromptSets } from '../prompts/prompt-sets.ts';
import { readRules } from '../replay/policy-file.ts';
import { replayRun, type PolicyReplay } from '../replay/replay-run.ts';
import { Reports } from '../report/report.ts';
import { diffRuns, type RunDiff } from '../lineage/run-diff.ts';
import { Accounts } from '../money/accounts.ts';
import { readCosts, type CostReport, type CostsBy } from '../money/costs.ts';
import { Machines } from './machines.ts';
import { withPinnedDate } from '../../files/experiment/pinned-date.ts';
import { newRunInput } from './run-id.ts';
import { NOTHING_RECORDED, readDetails, type CheckpointPage } from './run-details.ts';
import type { RunChoice } from './run-choice.ts';
import { listRuns, type RunPlace } from './list-runs.ts';
import { resolveRun } from './run-list.ts';
import { Records } from './records.ts';
import { RunStore } from './run-store.ts';
import { submitAs, type Submitted } from './submission.ts';
import { isOver, type RunDetails, type RunResult, type RunSummary, type RunView } from './run-view.ts';
import { whoAsks } from '../who.ts';
import { TaskQueues } from './task-queues.ts';
import { RunWatch, unknownRun, type FollowOptions } from './run-watch.ts';
import { readSamples, type Samples, type SamplesRequest } from '../serving/samples.ts';
import { Serving } from '../serving/serving.ts';
import { Schedules } from '../schedules/schedules.ts';
import { Sweeps } from '../sweeps/sweeps.ts';
import { outcomeOf } from '../temporal/execution.ts';
import { failureMessage, isNamed } from '../temporal/failure.ts';
import { TemporalLink } from '../temporal/temporal-link.ts';

export interface RunsOptions {
  /** host:port; absent: no server is known, and only what is recorded can be read. */
  readonly temporalAddress?: string;
  readonly temporalNamespace: string;
  /** The name that its workers have of PAWL_TASK_QUEUE; or a whole name, where they work for several places. */
  readonly taskQueue: string;
  /** File of the store that this task queue's workers write; it need not be there yet. */
  readonly storePath: string;
}

/** Connects when first needed; close it when done. */
export class Runs {
  readonly promptSets: PromptSets;
  /** What costs money. */
  readonly machines: Machines;
  readonly promotions: Promotions;
  /** Of the HTTP API: who may ask, what was asked under a key, who did what. */
  readonly tokens: Tokens;
  readonly requests: Requests;
  readonly audit: Audit;
  /** What is recorded of a run, by the page. */
  readonly records: Records;
  /** Budgets that runs draw on together. */
  readonly accounts: Accounts;
  /** Runs and sweeps by the calendar. */
  readonly schedules: Schedules;
  /** Many trials of one experiment. */
  readonly sweeps: Sweeps;
  /** What a run, a sweep or a night came to. */
  readonly reports: Reports;
  /** By which people are told. */
  readonly notify: Notify;
  /** Stored checkpoints served again. */
  readonly serving: Serving;
  readonly #temporal: TemporalLink;
  readonly #store: RunStore;
  readonly #watch: RunWatch;

  constructor({ temporalAddress, temporalNamespace, taskQueue, storePath }: RunsOptions) {
    this.#store = new RunStore(storePath);
    this.#temporal = new TemporalLink({
      ...(temporalAddress !== undefined && { address: temporalAddress }),
      namespace: temporalNamespace,
      queues: new TaskQueues(this.#store, taskQueue),
    });
    this.promptSets = new PromptSets(this.#temporal, this.#store);
    this.records = new Records(this.#store);
    this.tokens = new Tokens(this.#store);
    this.requests = new Requests(this.#store);
    this.audit = new Audit(this.#store);
    this.machines = new Machines(this.#temporal, this.#store);
    this.accounts = new Accounts(this.#temporal, this.#store);
    this.schedules = new Schedules(this.#temporal, this.#store);
    this.notify = new Notify(this.#temporal, this.#store);
    this.sweeps = new Sweeps(this.#temporal, this.#store);
    this.reports = new Reports(this.#store, this.sweeps, async (run) => this.resolve(run));
    this.serving = new Serving({
      temporal: this.#temporal,
      store: this.#store,
      resolve: async (run) => this.resolve(run),
    });
    this.#watch = new RunWatch(this.#temporal, this.#store);
    this.promotions = new Promotions(this.#temporal, this.#store, (reference) => this.resolve(reference));
  }

  /**
   * Submits a run; from here on it is durable, whatever becomes of this process. With an `id` it is submitted once,
   * however often it is asked for: the same experiment again is the same run, another one is refused.
   */
  async start(spec: RunSpec, { id }: { id?: string } = {}): Promise<Submitted> {
    await this.accounts.require(spec.budget.account);
    if (id !== undefined) return submitAs({ temporal: this.#temporal, store: this.#store }, id, spec);
    const input = newRunInput(await withPinnedDate(spec));
    await this.#temporal.start(input);
    return { runId: input.runId, existed: false };
  }

  /** Submits a run that goes on from a checkpoint of another one (`RUN@STEP`, …), with its experiment but for what is changed. */
  async branch(reference: string, request: BranchRequest = {}): Promise<Branch> {
    const resolve = (run: string): Promise<string> => this.resolve(run);
    const reader = await this.#store.reader();
    const { run, row } = await lookUpCheckpoint(orLast(reference), { resolve, reader });
    // What was set while the parent ran is part of what a branch repeats.
    const spec = withLiveChanges(run.spec, (await reader?.specChanges(run.runId)) ?? []);
    const { parent, ...input } = await branchInput({ run: { ...run, spec }, row }, request);
    await this.#startOnce({ ...input, parent }, request.hex !== undefined);
    const { runId, checkpoint, step, changes } = parent;
    return { runId: input.runId, parent: { runId, checkpoint, step }, changes };
  }

  /** With digits that were drawn before, what is there already was made by this very request. */
  async #startOnce(input: RunInput, drawnBefore: boolean): Promise<void> {
    try {
      await this.#temporal.start(input);
    } catch (error) {
      if (!drawnBefore || !isNamed(error, 'WorkflowExecutionAlreadyStartedError')) throw error;
    }
  }

  /** The run's full id, from the id, its beginning, or a name that only one run has. */
  async resolve(reference: string): Promise<string> {
    return resolveRun(reference, await this.#store.reader(), this.#temporal);
  }

  /** The run as it is now. Where the run itself does not answer, what is known of it. */
  async status(runId: string): Promise<RunView> {
    return this.#watch.look(runId);
  }

  /** What changes until the end; first, what was already known. Outages are shown, and waited for. */
  follow(runId: string, options: FollowOptions = {}): AsyncGenerator<RunChange> {
    return this.#watch.follow(runId, options);
  }

  /** Waits for the end. A run that failed is a result, not an exception. */
  async result(runId: string, options: FollowOptions = {}): Promise<RunResult> {
    for await (const change of this.follow(runId, options)) {
      if (change.kind !== 'end') continue;
      if (change.result.outcome !== 'finished') return change.result;
      const report = await this.#temporal.report(runId);
      return { ...change.result, ...(report && { report }) };
    }
    throw new Error(`no longer waiting for ${runId}`);
  }

  /** Asks the run to end in good order, with a last checkpoint; `now`: cancels it. Either way it releases. */
  async stop(runId: string, { now = false, reason = 'stopped by request' } = {}): Promise<string | undefined> {
    const outcome = await this.#mustBeOpen(runId, 'stop');
    // Nothing was begun that could be ended in good order.
    const cancel = now || outcome === 'pending';
    const effect = await this.#effectOf(cancel ? 'cancel' : 'stop', runId);
    await (cancel ? this.#temporal.cancel(runId) : this.#temporal.stop(runId, reason));
    return effect;
  }

  /** A sentence to show when nobody is there to do what was asked of a run. */
  async nobodyFor(runId: string): Promise<string | undefined> {
    const queue = (await this.#temporal.describe(runId))?.taskQueue;
    return queue === undefined ? undefined : this.#watch.missingWorker(queue);
  }

  /** Saves the run's state and returns its machines at the end of the window; the run waits, for as long as it takes. */
  async pause(runId: string): Promise<string | undefined> {
    await this.#mustBeOpen(runId, 'pause');
    const effect = await this.#effectOf('pause', runId);
    await this.#temporal.pause(runId);
    return effect;
  }

  /** What becomes of the run, in words; undefined where it does not answer. */
  async #effectOf(asked: 'stop' | 'pause' | 'cancel', runId: string): Promise<string | undefined> {
    const status = await this.#temporal.status(runId);
    return status && effectText(asked, status);
  }

  /** Rents again and goes on exactly where the run was. */
  async resume(runId: string): Promise<void> {
    await this.#mustBeOpen(runId, 'resume');
    await this.#temporal.resume(runId);
  }

  /**
   * Changes the experiment of a run that goes on, from its next saved state on. Fails with the reason where that cannot be;
   * asked twice, it is set once.
   */
  async set(runId: string, settings: Settings, { by }: { by: string }): Promise<SetAnswer> {
    const refusal = unsettable(runId, settings);
    if (refusal !== undefined) throw new UserError(refusal, '');
    await this.#mustBeOpen(runId, 'set');
    const nobody = await this.nobodyFor(runId);
    if (nobody !== undefined) throw new UserError(`${runId} cannot hear it now: ${nobody}.`, 'Nothing was changed.');
    return this.#temporal.set(runId, { settings, by });
  }

  /** Other limits from now on. */
  async budget(runId: string, limits: { maxCost?: number; maxHours?: number }): Promise<void> {
    await this.#mustBeOpen(runId, 'change');
    await this.#temporal.changeBudget(runId, { ...limits, by: whoAsks(), at: new Date().toISOString() });
  }

  async #mustBeOpen(runId: string, verb: string): Promise<RunOutcome> {
    const execution = await this.#temporal.describe(runId);
    if (execution === undefined) throw unknownRun(runId);
    const outcome = outcomeOf(execution);
    if (isOver(outcome)) throw new UserError(`${runId} is over already (${outcome}).`, `There is nothing to ${verb}.`);
    return outcome;
  }

  /** Newest first. Without Temporal: as far as it was recorded, and `stale` says why. `after`: those behind this run. */
  async list({ limit = 50, after, ...choice }: { limit?: number; after?: RunPlace } & RunChoice = {}): Promise<{
    runs: readonly RunSummary[];
    stale?: string;
  }> {
    const reader = await this.#store.reader();
    return listRuns({ reader, temporal: this.#temporal }, { limit, choice, ...(after !== undefined && { after }) });
  }

  /** Where a run is now, and what is recorded of it: a page of checkpoints, the course of its steps, its last events. */
  async show(runId: string, page: CheckpointPage = {}): Promise<RunDetails> {
    const view = await this.status(runId);
    const recorded = await this.#read((reader) => readDetails(reader, view, page));
    const branches = await this.#branches(runId);
    return { ...view, ...(recorded ?? NOTHING_RECORDED), ...(branches !== undefined && { branches }) };
  }

  /** While it is undecided, only the workflow that tries them knows. A verdict of a run that is branched says so. */
  async #branches(runId: string): Promise<BranchesStatus | undefined> {
    const verdict = await this.#read((reader) => reader.newestVerdict(runId, 'branch'));
    if (verdict === undefined) return undefined;
    const choice = await this.#read((reader) => reader.branchChoice(runId));
    return choice ?? this.#temporal.branches(runId).catch(() => undefined);
  }

  /** Where runs come from and what they led to: the newest ones, or the whole family of one. Newest first. */
  async lineage(wanted: { runId?: string; limit?: number } = {}): Promise<readonly LineageRun[]> {
    const lineage = this.#read(async (reader) =>
      readLineage(reader, { limit: 20, ...wanted }, await promotionMarks(reader)),
    );
    return (await lineage) ?? [];
  }

  /** The verdicts of a recorded run, decided again: by its own policy, or by what a file says. Reads the store only. */
  async replay(reference: string, { policyFile }: { policyFile?: string } = {}): Promise<PolicyReplay> {
    const replay = await this.#read(async (reader) => {
      const { runId, spec } = await reader.getRun(await this.resolve(reference));
      return replayRun(reader, runId, policyFile === undefined ? undefined : await readRules(policyFile, spec));
    });
    if (replay === undefined) throw unknownRun(reference);
    return replay;
  }

  /** What steps recorded, in order: all of them, or so many after one and up to another. */
  async steps(
    runId: string,
    range: { afterStep?: number; untilStep?: number; limit?: number } = {},
  ): Promise<readonly StepMetrics[]> {
    return (await this.#read((reader) => reader.steps(runId, range))) ?? [];
  }

  /** Steps put together: so many spans at most, each with its extremes and means. */
  async curve(runId: string, request: SpanRequest): Promise<readonly StepSpan[]> {
    return (await this.#read((reader) => reader.stepSpans(runId, request))) ?? [];
  }

  /** Answers of an evaluation to read, beside those of another one if asked; reads only what it tells. */
  async samples(request: SamplesRequest): Promise<Samples> {
    const [reader, artifacts] = [await this.#store.reader(), this.#store.artifacts()];
    return readSamples({ reader, artifacts, resolve: (run) => this.resolve(run) }, request);
  }

  /** What is different about two runs, and what came of it. */
  async diff(before: string, after: string): Promise<RunDiff> {
    const diff = await this.#read((reader) => diffRuns(reader, before, after));
    if (diff === undefined) throw unknownRun(before);
    return diff;
  }

  /** The log of a run; `after` is the last position already read. */
  async events(runId: string, options: { after?: number } = {}): Promise<readonly RunEvent[]> {
    return (await this.#read((reader) => reader.events(runId, options))) ?? [];
  }

  /** What was rented and what it came to, the dearest first. */
  async costs(asked: { by: CostsBy; since?: string | undefined }): Promise<CostReport> {
    return (await this.#read((reader) => readCosts(reader, asked, Date.now()))) ?? { groups: [], totals: [] };
  }

  /** Returns what is rented for runs that are over and could not do it themselves; says what it did. */
  async reconcile(input: ReconcileInput): Promise<ReconcileReport> {
    const nobody = await this.missingWorker();
    if (nobody !== undefined) throw new UserError(`Nobody would reconcile: ${nobody}.`, '');
    try {
      return await this.#temporal.reconcile(input);
    } catch (error) {
      if (!isNamed(error, 'WorkflowFailedError')) throw error;
      const problem = `Reconciling failed: ${failureMessage(error)}.`;
      throw new UserError(problem, 'It is tried again at the next scheduled time.', { cause: error });
    }
  }

  /** A sentence to show when nobody would take a run that is submitted now. */
  async missingWorker(): Promise<string | undefined> {
    return this.#watch.missingWorker();
  }

  async close(): Promise<void> {
    await Promise.all([this.#temporal.close(), this.#store.close()]);
  }

  async #read<T>(read: (reader: StoreReader) => Promise<T>): Promise<T | undefined> {
    const reader = await this.#store.reader();
    return reader && read(reader);
  }
}
