/** The tables as Kysely sees them; columns are snake_case in SQL and camelCase here. Migrations make them. */
import type { ColumnType, Generated, Kysely } from 'kysely';
import type { Delivery } from './announcement-records.ts';
import type { EvaluationRecord, LeaseKind } from './records.ts';
import type { EventLevel } from './store.ts';
import type { Subject } from '../../domain/words/announcements.ts';
import type { EventKind } from '../../domain/words/event-kinds.ts';
import type { SampleRecord } from '../../domain/words/samples.ts';
import type { AccessTables } from './access-schema.ts';
import type { Phase, RunOutcome, VerdictKind } from '../../domain/words/run.ts';
import type { SnapshotType } from '../../domain/words/checkpoint.ts';
import type { PromotionState } from '../../domain/words/promotion.ts';
import type { Measure } from './codec.ts';
import type { AccountTables } from './account-schema.ts';
import type { ScheduleTables } from './schedule-schema.ts';
import type { SweepTables } from './sweep-schema.ts';

interface RunsTable {
  id: string;
  name: string;
  spec: string;
  plan: string | null;
  phase: Phase;
  step: number;
  generation: number;
  outcome: RunOutcome;
  reason: string | null;
  release: string | null;
  parentRun: string | null;
  parentCheckpoint: string | null;
  parentStep: number | null;
  changes: string | null;
  records: Generated<number>;
  namespaceId: string | null;
  createdAt: string;
  updatedAt: string;
}

interface EventsTable {
  seq: Generated<number>;
  runId: string;
  key: string;
  at: string;
  phase: Phase;
  level: EventLevel;
  message: string;
}

interface StepMetricsTable {
  runId: string;
  step: number;
  generation: number;
  lossMean: Measure;
  learningRate: number;
  tokens: number;
  seconds: number;
  metrics: string | null;
}

interface StepChunksTable {
  runId: string;
  chunk: number;
  lossMin: number | null;
  lossMean: number | null;
  lossMax: number | null;
  notFinite: number;
  tokens: number;
  seconds: number;
  metrics: string | null;
  /** libsql takes bytes, and gives their buffer. */
  numbers: ColumnType<ArrayBuffer, Uint8Array, never>;
}

interface CheckpointsTable {
  runId: string;
  name: string;
  step: number;
  generation: number;
  statePath: string;
  snapshotType: SnapshotType;
  identity: string;
  previousIdentity: string | null;
  trainerId: string | null;
  stateTrainerId: string | null;
  platform: string | null;
  account: string | null;
  validation: string | null;
  savedAt: string;
}

interface SyncsTable {
  runId: string;
  identity: string;
  replicas: number;
  seconds: number;
  confirmedAt: string;
}

interface EvaluationsTable {
  id: string;
  runId: string;
  checkpoint: string;
  step: number;
  identity: string;
  promptSet: string;
  metric: string;
  suite: string | null;
  grader: string | null;
  sampling: string | null;
  kind: EvaluationRecord['kind'];
  score: Measure | null;
  low: Measure | null;
  high: Measure | null;
  samples: number | null;
  prompts: number | null;
  missing: number | null;
  cut: number | null;
  unended: number | null;
  entropy: Measure | null;
  reason: string | null;
  appraisal: string | null;
  answers: Generated<string | null>;
  comparisons: Generated<string | null>;
  recordedAt: string;
}

interface PromptScoresTable {
  evaluationId: string;
  scores: string;
}

interface SamplesTable {
  evaluationId: string;
  promptIndex: number;
  sampleIndex: number;
  promptHash: string;
  promptTokens: number;
  kind: SampleRecord['kind'];
  tokens: string | null;
  text: string | null;
  finishReason: string | null;
  meanLogprob: Measure | null;
  score: Measure | null;
  latencyMs: number | null;
  servedIdentity: string | null;
  error: string | null;
}

interface VerdictsTable {
  runId: string;
  checkpoint: string;
  kind: VerdictKind;
  reason: string;
  decidedAt: string;
  /** In order of their recording, within a run. */
  seq: number | null;
}

interface PromptSetsTable {
  hash: string;
  prompts: number;
  duplicates: number;
  tokenizer: string;
  createdAt: string;
}

interface PromptAliasesTable {
  name: string;
  hash: string;
  movedAt: string;
}

interface LeasesTable {
  kind: LeaseKind;
  id: string;
  runId: string;
  namespaceId: string | null;
  holder: string | null;
  platform: string | null;
  account: string | null;
  plannedAt: string;
  releasedAt: string | null;
  state: string | null;
  keptAt: string | null;
}

interface RewindsTable {
  runId: string;
  generation: number;
  cause: string;
  fromStep: number;
  toStep: number;
  seconds: number;
  cost: number;
  recordedAt: string;
}

interface SpecChangesTable {
  runId: string;
  number: number;
  path: string;
  before: string | null;
  after: string | null;
  fromStep: number;
  by: string;
  askedAt: string;
  recordedAt: string;
}

interface BranchChoicesTable {
  runId: string;
  checkpoint: string;
  step: number;
  trial: number;
  branches: string;
  chosen: string | null;
  reason: string;
  decidedAt: string;
}

interface AppraisalsTable {
  id: string;
  runId: string;
  suite: string;
  reason: string;
  startedAt: string;
}

interface RollbacksTable {
  id: string;
  deploymentId: string;
  runId: string;
  checkpoint: string;
  identity: string;
  previousIdentity: string | null;
  replicas: number;
  requestedBy: string;
  confirmedAt: string;
}

interface PromotionsTable {
  id: string;
  alias: string;
  runId: string;
  checkpoint: string;
  identity: string | null;
  step: number | null;
  model: string | null;
  state: PromotionState;
  reign: number | null;
  gate: string;
  reason: string | null;
  comparisons: string | null;
  championBefore: string | null;
  askedBy: string;
  askedAt: string;
  decidedBy: string | null;
  decidedAt: string | null;
}

interface PromotionEventsTable {
  seq: Generated<number>;
  promotionId: string;
  event: string;
  at: string;
  by: string | null;
  message: string | null;
}

interface MetaTable {
  name: string;
  value: string;
}

interface WorkersTable {
  id: string;
  queueName: string;
  taskQueue: string;
  platform: string;
  account: string;
  startedAt: string;
  movedAt: string;
  endedAt: string | null;
}

interface ClaimsTable {
  key: string;
  holder: string;
  until: string;
}

interface AnnouncementsTable {
  seq: Generated<number>;
  id: string;
  kind: EventKind;
  subjectKind: Subject['kind'];
  subjectId: string;
  at: string;
  title: string;
  data: string;
  notify: string | null;
  routedAt: string | null;
}

interface DeliveriesTable {
  channel: string;
  announcement: string;
  seq: number;
  subject: string;
  state: Delivery['state'];
  attempts: number;
  firstAt: string | null;
  nextAt: string | null;
  settledAt: string | null;
  problem: string | null;
}

export interface Tables extends AccessTables, AccountTables, ScheduleTables, SweepTables {
  meta: MetaTable;
  workers: WorkersTable;
  runs: RunsTable;
  events: EventsTable;
  stepMetrics: StepMetricsTable;
  stepChunks: StepChunksTable;
  checkpoints: CheckpointsTable;
  syncs: SyncsTable;
  evaluations: EvaluationsTable;
  promptScores: PromptScoresTable;
  samples: SamplesTable;
  verdicts: VerdictsTable;
  promptSets: PromptSetsTable;
  promptAliases: PromptAliasesTable;
  leases: LeasesTable;
  rewinds: RewindsTable;
  specChanges: SpecChangesTable;
  branchChoices: BranchChoicesTable;
  appraisals: AppraisalsTable;
  rollbacks: RollbacksTable;
  promotions: PromotionsTable;
  promotionEvents: PromotionEventsTable;
  claims: ClaimsTable;
  announcements: AnnouncementsTable;
  deliveries: DeliveriesTable;
}

export type Sql = Kysely<Tables>;
