/** The store in the words of the domain: what workers write and people read. Every write is a keyed upsert. */
import type {
  AccountedLease,
  CheckpointPlace,
  Comparisons,
  Derived,
  EvaluationRecord,
  Lease,
  ScoredEvaluation,
  SpanRequest,
  StepNumbers,
  StepSpan,
  StoredLease,
} from './records.ts';
import type { Announcement } from '../../domain/words/announcements.ts';
import type { SampleRecord } from '../../domain/words/samples.ts';
import type { BranchChoice, BranchPoint } from '../../domain/words/branches.ts';
import type { Checkpoint, SyncResult } from '../../domain/words/checkpoint.ts';
import type {
  CheckpointReport,
  Phase,
  RecordMark,
  Release,
  Rewind,
  RunOutcome,
  Verdict,
} from '../../domain/words/run.ts';
import type { LiveChange } from '../../domain/words/live-changes.ts';
import type { Plan } from '../../domain/words/plan.ts';
import type { StepMetrics } from '../../domain/words/training.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import type { PromptScore } from '../../domain/decide/statistics/paired.ts';
import type { AnnouncementReader, AnnouncementWriter } from './announcement-records.ts';
import type { AccessReader, AccessWriter } from './access-records.ts';
import type { AnswerReader } from './answer-records.ts';
import type { ClaimWriter } from './claim-records.ts';
import type { LiveReader } from './live-records.ts';
import type { ServingReader, ServingWriter } from './serving-records.ts';
import type { AccountReader, AccountWriter } from './account-records.ts';
import type { ScheduleReader, ScheduleWriter } from './schedule-records.ts';
import type { SweepReader, SweepWriter } from './sweep-records.ts';
import type { WorkerReader, WorkerWriter } from './worker-records.ts';
import type { PromotionReader, PromotionWriter } from './promotion-records.ts';

/** Times are ISO-8601 texts in UTC everywhere in the store. */
export interface NewRun {
  readonly runId: string;
  readonly name: string;
  readonly spec: RunSpec;
  readonly createdAt: string;
  /** Of a branch: where it began, and what is different. */
  readonly parent?: BranchPoint;
}

interface RunUpdate {
  readonly phase: Phase;
  readonly step: number;
  readonly generation: number;
  readonly outcome?: RunOutcome;
  readonly reason?: string;
  readonly plan?: Plan;
  readonly release?: Release;
  readonly mark?: RecordMark;
  /** What people are told of it. */
  readonly told?: readonly Announcement[];
}

export interface StoredRun extends NewRun, Omit<RunUpdate, 'mark' | 'told'> {
  readonly outcome: RunOutcome;
  readonly updatedAt: string;
}

export type EventLevel = 'info' | 'warn' | 'error';

interface NewRunEvent {
  /** What makes the event itself; a retry that reports it again changes nothing. */
  readonly key: string;
  readonly at: string;
  readonly phase: Phase;
  readonly level: EventLevel;
  readonly message: string;
}

export interface RunEvent extends NewRunEvent {
  /** Position in the log: rises with every event; pass the last one seen as `after` to read on. */
  readonly seq: number;
}

interface PromptSetRecord {
  /** Artifact (sha256). */
  readonly hash: string;
  readonly prompts: number;
  /** Identical rows that were left out. */
  readonly duplicates: number;
  /** sha256 of the tokenizer that made it. */
  readonly tokenizer: string;
}

export interface StoredPromptSet extends PromptSetRecord {
  readonly createdAt: string;
  /** Names that stand for it at this moment. */
  readonly aliases: readonly string[];
}

interface ConfirmedSync extends SyncResult {
  readonly confirmedAt: string;
}

/** A checkpoint with everything known of it: the row of the table that a person reads. */
export interface StoredCheckpoint extends CheckpointReport, Comparisons {
  readonly savedAt: string;
  readonly sync?: ConfirmedSync;
}

interface StoredBranchChoice extends BranchChoice {
  readonly decidedAt: string;
}

export interface StoredRewind extends Rewind {
  readonly recordedAt: string;
}

export interface StoredChange extends LiveChange {
  readonly recordedAt: string;
}

/** What people and programs read. */
export interface StoreReader
  extends
    AccessReader,
    AnnouncementReader,
    AnswerReader,
    LiveReader,
    AccountReader,
    PromotionReader,
    ScheduleReader,
    ServingReader,
    SweepReader,
    WorkerReader {
  /** Newest first; those behind a place in this order, if asked. */
  listRuns(options: { limit: number; before?: Pick<NewRun, 'runId' | 'createdAt'> }): Promise<readonly StoredRun[]>;
  /** Of each of these runs that is known, when it was created. */
  recordedRuns(runIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** So many after one, in order of their ids; '' comes before the first. */
  runsAfter(runId: string, limit: number): Promise<readonly StoredRun[]>;
  /** Of a Temporal namespace: those whose end is not on record. */
  unendedRuns(namespaceId: string): Promise<readonly StoredRun[]>;
  /** By id, by a name only one run has, or by an unambiguous beginning of an id; fails listing the candidates. */
  getRun(reference: string): Promise<StoredRun>;
  /** In order of step, at most one row per step: the one of the highest generation. So many of them, if asked. */
  steps(
    runId: string,
    options?: { afterStep?: number; untilStep?: number; limit?: number },
  ): Promise<readonly StepMetrics[]>;
  /** The last ones, in order; those of a generation, and after a step, if asked. */
  newestSteps(
    runId: string,
    options: { limit: number; generation?: number; afterStep?: number },
  ): Promise<readonly StepMetrics[]>;
  /** Of every step, in order: half a million take a small fraction of a second. */
  stepNumbers(runId: string, options?: { afterStep?: number }): Promise<StepNumbers>;
  /** The steps of a range put together, in order: few rows, however many steps there are. */
  stepSpans(runId: string, request: SpanRequest): Promise<readonly StepSpan[]>;
  /** All of them, in order of step, generation and saving. */
  checkpointReports(runId: string): Promise<readonly StoredCheckpoint[]>;
  /** The last so many, or the last before one of this name, in the same order. */
  newestCheckpoints(runId: string, page: { limit: number; before?: string }): Promise<readonly StoredCheckpoint[]>;
  countCheckpoints(runId: string): Promise<number>;
  checkpointAt(runId: string, at: CheckpointPlace): Promise<StoredCheckpoint | undefined>;
  /** Those whose verdict was recorded after the one with this number, in that order; numbers begin with 1. */
  judgedCheckpoints(
    runId: string,
    page: { after: number; limit: number },
  ): Promise<readonly (StoredCheckpoint & { readonly seq: number })[]>;
  /** The newest verdict of a kind: what a run finishes with is judged after whatever made it finish. */
  newestVerdict(runId: string, kind: Verdict['kind']): Promise<(Verdict & { readonly checkpoint: string }) | undefined>;
  /** A checkpoint, and before it what it is a delta on, from its base on: as far as they are recorded. */
  snapshotsTo(runId: string, name: string): Promise<readonly Checkpoint[]>;
  /** The run's own, in order of step, then of recording; void ones too. */
  evaluations(runId: string): Promise<readonly EvaluationRecord[]>;
  /** The run's own scored one on the main suite, of its first step. */
  firstEvaluation(runId: string): Promise<ScoredEvaluation | undefined>;
  /** The run's own last scored one on the main suite, of a step before this one. */
  evaluationBefore(runId: string, step: number): Promise<ScoredEvaluation | undefined>;
  /** The run's own last scored one of a checkpoint, on the main suite. */
  evaluationOf(runId: string, checkpoint: string): Promise<ScoredEvaluation | undefined>;
  /** The run's own last scored one, of up to a step, that has these answers to the same prompts from other weights. */
  evaluationAnswering(
    runId: string,
    like: Pick<Evaluation, 'promptSet' | 'suite' | 'identity'> & {
      readonly answers: string;
      readonly untilStep: number;
    },
  ): Promise<ScoredEvaluation | undefined>;
  /** In order of prompt and sample; those after one of them, and so many at most, if asked. */
  samples(
    evaluationId: string,
    page?: { readonly after?: Pick<SampleRecord, 'promptIndex' | 'sampleIndex'>; readonly limit?: number },
  ): Promise<readonly SampleRecord[]>;
  /** Where a run branched off; undefined: it did not, or nothing but its id is known. */
  parentOf(runId: string): Promise<Pick<BranchPoint, 'runId' | 'checkpoint'> | undefined>;
  /** What each answered prompt of an evaluation scored, in order of prompt index, as it was recorded with it. */
  promptScores(evaluationId: string): Promise<readonly PromptScore[]>;
  /**
   * How many checkpoints of all runs were scored on prompts of this evaluation's set, or of another one that has some of
   * the prompts that it asked; without untrained ones, and without the one that `reference`, an evaluation, is of.
   */
  checkpointsAsked(candidate: Pick<Evaluation, 'id' | 'promptSet'>, reference: string): Promise<number>;
  events(runId: string, options?: { after?: number; limit?: number }): Promise<readonly RunEvent[]>;
  /** The last ones, in order. */
  newestEvents(runId: string, options: { limit: number }): Promise<readonly RunEvent[]>;
  promptSet(hash: string): Promise<PromptSetRecord | undefined>;
  /** Newest first. */
  promptSets(): Promise<readonly StoredPromptSet[]>;
  /** Hash of the set that a name stands for. */
  promptAlias(name: string): Promise<string | undefined>;
  /** In order of generation. */
  rewinds(runId: string): Promise<readonly StoredRewind[]>;
  /** What was changed of its experiment while it ran, in order. */
  specChanges(runId: string): Promise<readonly StoredChange[]>;
  /** Runs that go on from a checkpoint of this one, oldest first. */
  branchesOf(runId: string): Promise<readonly StoredRun[]>;
  /** Which of a run's branches was chosen, once that is decided. */
  branchChoice(runId: string): Promise<StoredBranchChoice | undefined>;
  /** Of machines whose ids begin so, whoever rented them, in order of planning. */
  leasesNamedAfter(prefix: string): Promise<readonly StoredLease[]>;
  /** Everything that was ever planned for a run, in order of planning. */
  leases(runId: string): Promise<readonly StoredLease[]>;
  /** Of each of these runs that has any: as `leases`. */
  leasesOf(runIds: readonly string[]): Promise<ReadonlyMap<string, readonly StoredLease[]>>;
  /** Of each of these runs that has one: the run's own with the best score on a suite, the earliest of equals. */
  bestEvaluations(
    runIds: readonly string[],
    by: { readonly direction: 'maximize' | 'minimize'; readonly suite?: string },
  ): Promise<ReadonlyMap<string, Evaluation>>;
  /** What may be rented at this moment, for any run, in order of planning. */
  openLeases(): Promise<readonly StoredLease[]>;
  /** Deployments that their runs left serving, in order of that. */
  keptLeases(): Promise<readonly StoredLease[]>;
  close(): Promise<void>;
}

/**
 * What workers write. Writing twice is writing once, and no fact is refused because the store does not know its run: a
 * store that was lost, or replaced by an older copy, takes what comes, and the run tells the rest again. What is `told`
 * goes to the outbox with the fact, in one transaction.
 */
export interface Store
  extends
    StoreReader,
    AccessWriter,
    AccountWriter,
    AnnouncementWriter,
    PromotionWriter,
    ScheduleWriter,
    ServingWriter,
    SweepWriter,
    WorkerWriter,
    ClaimWriter {
  /** The first write of an id stands: a run's spec never changes. It fills in a run that only its facts were known of. */
  saveRun(run: NewRun): Promise<void>;
  /**
   * Where a run is. Progress that is behind what is stored (a late retry, an overlapped evaluation) is ignored, and so
   * is everything that comes from a lower generation than the run's. `missing`: the store does not hold what it was told
   * of the run before, since it was lost or replaced by an older copy.
   */
  updateRun(runId: string, update: RunUpdate): Promise<{ readonly missing: boolean }>;
  /** Keyed by (run, key): the first time of an event stands. */
  addEvent(runId: string, event: NewRunEvent, told?: readonly Announcement[]): Promise<void>;
  /** Keyed by (run, step): only a higher generation replaces. Steps of a lower generation than the run's are ignored. */
  recordSteps(runId: string, steps: readonly StepMetrics[]): Promise<void>;
  /** Keyed by (run, name). */
  saveCheckpoint(runId: string, checkpoint: Checkpoint): Promise<void>;
  /** Keyed by (run, identity): the first confirmation stands. */
  saveSync(runId: string, sync: SyncResult): Promise<void>;
  /** Keyed by (evaluation, prompt index, sample index): a produced sample stands, a missing one may still be produced. */
  saveSample(evaluationId: string, sample: SampleRecord): Promise<void>;
  /** Keyed by the evaluation's id, with what was computed of it. */
  saveEvaluation(
    runId: string,
    evaluation: EvaluationRecord,
    derived?: Derived,
    told?: readonly Announcement[],
  ): Promise<void>;
  /** Keyed by (run, checkpoint). */
  saveVerdict(runId: string, verdict: Verdict & { readonly checkpoint: string }): Promise<void>;
  /** Keyed by hash. */
  savePromptSet(set: PromptSetRecord): Promise<void>;
  /** From here on the name stands for this set, and for no other. */
  movePromptAlias(name: string, hash: string): Promise<void>;
  /** Keyed by (run, generation): the first record stands. */
  saveRewind(runId: string, rewind: Rewind): Promise<void>;
  /** Keyed by (run, number): the first record stands. */
  saveSpecChange(runId: string, change: LiveChange): Promise<void>;
  /** Keyed by the run that was branched: the first choice stands. */
  saveBranchChoice(choice: BranchChoice): Promise<void>;
  /** Takes a run back to `step` in a new generation: later steps of earlier generations are gone, and stay so. */
  forgetStepsAfter(runId: string, target: { step: number; generation: number }): Promise<void>;
  /** Before anything is created: from here on the reconciler knows of it. Keyed by (kind, id); opens a closed one. */
  planLease(runId: string, lease: Lease): Promise<void>;
  /** Once the platform says that nothing is rented any more; `state` is its last word, and the first one stands. */
  endLease(lease: Lease, state: string, told?: readonly Announcement[]): Promise<void>;
  /**
   * Makes rows of what the store was never told, because it was lost or set back: open ones of what may be rented, ended
   * ones of the rest; and ends open ones of what was returned. Changes nothing else.
   */
  accountFor(runId: string, machines: readonly AccountedLease[]): Promise<void>;
  /** Of an open lease: whose it is to return from here on, by the id of a workflow. */
  holdLease(lease: Lease, holder: string): Promise<void>;
  /** Its run is done with it, and it goes on serving: no reconciler's to return, but a person's. */
  keepLease(lease: Lease, state: string): Promise<void>;
}
