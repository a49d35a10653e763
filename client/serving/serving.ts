/** Stored checkpoints served again: evaluated beside their run, brought back to a deployment, searched for a fall. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreReader } from '../../store/index.ts';
import { compareReproduction, type Reproduction } from './reproduction.ts';
import {
  APPRAISE_WORKFLOW_TYPE,
  BISECT_WORKFLOW_TYPE,
  ROLLBACK_WORKFLOW_TYPE,
  rollbackWorkflowId,
  type Appraisal,
  type AppraisalInput,
  type BisectReport,
  type CheckpointOf,
  type Probe,
  type RollbackReport,
} from '../../domain/words/serving.ts';
import { GC_WORKFLOW_TYPE, gcWorkflowId, type GcInput, type GcReport } from '../../domain/words/gc.ts';
import { suiteOf } from '../../domain/words/suites.ts';
import { bisectInput, type BisectRequest } from './bisect-input.ts';
import { lookUpCheckpoint, type FoundCheckpoint } from '../lineage/checkpoint-reference.ts';
import { UserError } from '../errors.ts';
import { findEvaluation } from './evaluation-reference.ts';
import type { RunStore } from '../runs/run-store.ts';
import { failureMessage, isNamed } from '../temporal/failure.ts';
import type { TemporalLink } from '../temporal/temporal-link.ts';

const POLL_MS = 500;

interface Ports {
  readonly temporal: TemporalLink;
  readonly store: RunStore;
  readonly resolve: (run: string) => Promise<string>;
}

/** Told the id of what was started, which goes on whether somebody waits for it or not. */
interface Watching {
  readonly onStart?: (workflowId: string) => void;
}

export class Serving {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Evaluates a stored checkpoint on a deployment of its own, which is returned afterwards. */
  async appraise(request: Omit<AppraisalInput, 'appraisalId'>, { onStart }: Watching = {}): Promise<Appraisal> {
    const appraisalId = newId(request.subject.runId, 'appraise');
    const input: AppraisalInput = { appraisalId, ...request };
    await this.#begin(APPRAISE_WORKFLOW_TYPE, appraisalId, input);
    onStart?.(appraisalId);
    return this.#outcome(appraisalId);
  }

  /** Brings an existing deployment to a checkpoint (`RUN@STEP` and so on), and proves it on every replica. */
  async rollback(
    request: { deploymentId: string; checkpoint: string; requestedBy: string; force?: boolean },
    { onStart }: Watching = {},
  ): Promise<RollbackReport> {
    const { deploymentId, requestedBy, force = false } = request;
    const { run, row } = await this.#checkpoint(request.checkpoint);
    const subject: CheckpointOf = { runId: run.runId, checkpoint: row.checkpoint.name };
    const id = rollbackWorkflowId(deploymentId);
    const rollbackId = `${deploymentId}/${randomBytes(4).toString('hex')}`;
    await this.#begin(ROLLBACK_WORKFLOW_TYPE, id, { rollbackId, deploymentId, subject, requestedBy, force });
    onStart?.(id);
    return this.#outcome(id);
  }

  /** Draws an evaluation (an id, or RUN@STEP[:SUITE]) again, with its own prompts, parameters and seeds. */
  async reproduce(reference: string, watching: Watching = {}): Promise<Reproduction> {
    const { evaluation, subject, suite } = await findEvaluation(reference, await this.#lookUp());
    const reader = await this.#reader();
    if ((await reader.samples(evaluation.id, { limit: 1 })).length === 0) {
      throw new UserError(
        `The samples of evaluation ${evaluation.id} were removed (pawl gc).`,
        'There is nothing to compare with; choose a checkpoint that is kept, such as RUN@best.',
      );
    }
    const reason = `to reproduce ${evaluation.id}`;
    const appraisal = await this.appraise({ subject, suite, reason, seedsOf: evaluation.id }, watching);
    const { temperature } = suiteOf(suite.evaluate, suite.plan, suite.suite).spec;
    const pair = { before: evaluation, after: appraisal.evaluation, greedy: temperature === 0 };
    return compareReproduction(reader, pair);
  }

  /** Looks for the checkpoint that made a suite's score fall; tells of each probe as it comes. */
  async bisect(
    request: BisectRequest,
    { onStart, onProbe }: Watching & { onProbe?: (probe: Probe) => void } = {},
  ): Promise<BisectReport> {
    const runId = await this.#ports.resolve(request.run);
    const bisectId = newId(runId, 'bisect');
    const input = await bisectInput(await this.#reader(), { ...request, run: runId }, bisectId);
    await this.#begin(BISECT_WORKFLOW_TYPE, bisectId, input);
    onStart?.(bisectId);
    let told = 0;
    const tell = (probes: readonly Probe[]): void => {
      for (const probe of probes.slice(told)) onProbe?.(probe);
      told = Math.max(told, probes.length);
    };
    const ended = new AbortController();
    const ending = this.#outcome<BisectReport>(bisectId).finally(() => ended.abort());
    const watching = (async () => {
      while (!ended.signal.aborted) {
        tell((await this.#ports.temporal.probes(bisectId)) ?? []);
        await sleep(POLL_MS, undefined, { signal: ended.signal }).catch(() => undefined);
      }
    })();
    const [report] = await Promise.all([ending, watching]);
    tell(report.probes);
    return report;
  }

  /** Removes the samples and artifacts that nothing leads to any more; says what, and why the rest stays. */
  async collectGarbage(input: GcInput): Promise<GcReport> {
    const id = gcWorkflowId(await this.#ports.temporal.queue());
    await this.#begin(GC_WORKFLOW_TYPE, id, input);
    return this.#outcome(id);
  }

  async #checkpoint(text: string): Promise<FoundCheckpoint> {
    return lookUpCheckpoint(text, await this.#lookUp());
  }

  async #lookUp(): Promise<Parameters<typeof lookUpCheckpoint>[1]> {
    return { resolve: this.#ports.resolve, reader: await this.#ports.store.reader() };
  }

  async #reader(): Promise<StoreReader> {
    const reader = await this.#ports.store.reader();
    if (reader === undefined) throw new UserError('Nothing is recorded here yet.', 'A worker does it: `pawl up`.');
    return reader;
  }

  async #begin(workflowType: string, workflowId: string, input: object): Promise<void> {
    const { temporal } = this.#ports;
    if (!(await temporal.hasWorker())) {
      throw new UserError(`No worker polls the task queue ${await temporal.queue()}.`, 'Start one with `pawl up`.');
    }
    try {
      await temporal.begin(workflowType, workflowId, input);
    } catch (error) {
      if (!isNamed(error, 'WorkflowExecutionAlreadyStartedError')) throw error;
      throw new UserError(`${workflowId} is under way already.`, 'Wait for its end, and try again then.', {
        cause: error,
      });
    }
  }

  async #outcome<Result>(workflowId: string): Promise<Result> {
    try {
      return await this.#ports.temporal.outcome<Result>(workflowId);
    } catch (error) {
      if (!isNamed(error, 'WorkflowFailedError')) throw error;
      const said = failureMessage(error);
      const problem = isNamed(error.cause, 'TerminatedFailure') ? `${workflowId} was terminated: ${said}.` : said;
      throw new UserError(problem, '', { cause: error });
    }
  }
}

/** Also a deployment's id: a DNS label of at most 63 letters. */
function newId(runId: string, what: 'appraise' | 'bisect'): string {
  return `${runId}-${what}-${randomBytes(4).toString('hex')}`;
}
