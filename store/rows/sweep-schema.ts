/** Rows of sweeps. */
import type { Generated } from 'kysely';
import type { Goal, TrialState } from '../../domain/words/sweep.ts';
import type { SweepOutcome } from '../../domain/words/sweep-workflow.ts';
import type { Measure } from './codec.ts';

export interface SweepTables {
  sweeps: SweepsTable;
  trials: TrialsTable;
  trialScores: TrialScoresTable;
  sweepEvents: SweepEventsTable;
  sweepChanges: SweepChangesTable;
}

interface SweepsTable {
  id: string;
  name: string;
  spec: string;
  experiment: string;
  suite: string;
  goal: Goal;
  askedBy: string;
  outcome: SweepOutcome;
  reason: string | null;
  best: string | null;
  createdAt: string;
  updatedAt: string;
  winner: string | null;
  promotion: string | null;
}

interface SweepChangesTable {
  sweepId: string;
  decisionOrder: number;
  change: string;
}

interface TrialsTable {
  sweepId: string;
  number: number;
  runId: string;
  planned: string;
  proposedOrder: number;
  state: TrialState;
  endedOrder: number | null;
  reason: string | null;
  runOutcome: string | null;
  runReason: string | null;
  confirmation: string | null;
}

interface TrialScoresTable {
  sweepId: string;
  number: number;
  step: number;
  decisionOrder: number;
  checkpoint: string;
  score: Measure;
  low: Measure | null;
  high: Measure | null;
  prompts: number | null;
  verdict: string | null;
}

interface SweepEventsTable {
  seq: Generated<number>;
  sweepId: string;
  key: string;
  at: string;
  message: string;
}
