/** Reading what is rented and served, prompt sets, promotions, lineage and sweeps. */
import { z } from 'zod';
import type { SweepDetails } from '../../client/sweeps/sweeps.ts';
import type { LineageRun } from '../../client/lineage/lineage.ts';
import type { StoredSweep } from '../../store/rows/sweep-records.ts';
import { pageLimit, runParams } from '../answers/common.ts';
import {
  Aliases,
  Deployments,
  Lineage,
  Machines,
  PromotionDetails,
  PromptSet,
  PromptSets,
  Sweep,
  Sweeps,
} from '../answers/others.ts';
import { Problem } from '../problem.ts';
import { route, type Immutable, type Route } from '../route.ts';
import { findRun, findSweep, found } from './find.ts';

const LIST = { byDefault: 50, most: 500 };
const read = { method: 'GET', role: 'viewer' } as const;

const listMachines = route({
  ...read,
  topic: 'Machines',
  path: '/v1/machines',
  id: 'listMachines',
  summary: 'List everything that is rented: whose, since when, at what rate, in which state',
  detail: 'A worker asks the platform; where none is there, it is told as it was recorded, and `stale` says so.',
  answer: Machines,
  handle: async ({ runs }) => runs.machines.list(),
});

const listDeployments = route({
  ...read,
  topic: 'Machines',
  path: '/v1/deployments',
  id: 'listDeployments',
  summary: 'List deployments that are rented or kept, and what was last confirmed on every replica of each',
  answer: Deployments,
  handle: async ({ runs }) => ({ deployments: await runs.records.deployments() }),
});

const listPromptSets = route({
  ...read,
  topic: 'Prompt sets',
  path: '/v1/prompt-sets',
  id: 'listPromptSets',
  summary: 'List prompt sets, newest first',
  answer: PromptSets,
  handle: async ({ runs }) => ({ promptSets: await runs.promptSets.list() }),
});

const showPromptSet = route({
  ...read,
  topic: 'Prompt sets',
  path: '/v1/prompt-sets/{set}',
  id: 'showPromptSet',
  summary: 'Show a prompt set',
  params: z.strictObject({
    set: z.string().max(100).describe('its alias, its hash, or an unambiguous beginning of it'),
  }),
  answer: PromptSet,
  handle: async ({ runs }, { params }) => found(() => runs.promptSets.show(params.set)),
});

const listAliases = route({
  ...read,
  topic: 'Promotions',
  path: '/v1/aliases',
  id: 'listAliases',
  summary: 'List aliases: what each stands for, and what it was asked to stand for',
  query: z.strictObject({ alias: z.string().max(40).optional().describe('only this one') }),
  answer: Aliases,
  handle: async ({ runs }, { query: { alias } }) => ({ aliases: await runs.promotions.list(alias) }),
});

const showPromotion = route({
  ...read,
  topic: 'Promotions',
  path: '/v1/promotions/{promotion}',
  id: 'showPromotion',
  summary: 'Show a promotion with its evidence and all that happened to it',
  params: z.strictObject({ promotion: z.string().max(100) }),
  answer: PromotionDetails,
  handle: async ({ runs }, { params: { promotion } }) => {
    const details = await runs.promotions.show(promotion);
    if (details !== undefined) return details;
    throw new Problem('not-found', { detail: `There is no promotion "${promotion}".` });
  },
});

const showLineage = route({
  ...read,
  topic: 'Lineage',
  path: '/v1/lineage',
  id: 'showLineage',
  summary: 'Show where the newest runs come from: their checkpoints, rewinds and branches',
  query: z.strictObject({ limit: pageLimit(20, 200) }),
  answer: Lineage,
  handle: async ({ runs }, { query: { limit = 20 } }) => ({
    runs: (await runs.lineage({ limit })).map(lineageOf),
  }),
});

const showFamily = route({
  ...read,
  topic: 'Lineage',
  path: '/v1/runs/{run}/lineage',
  id: 'showFamily',
  summary: 'Show the whole family of a run: its ancestors, and all that branched from any of them',
  params: runParams,
  answer: Lineage,
  handle: async (services, { params }) => {
    const runId = await findRun(services, params.run);
    return { runs: (await found(() => services.runs.lineage({ runId }))).map(lineageOf) };
  },
});

type FamilyMember = Immutable<z.input<typeof Lineage>>['runs'][number];

function lineageOf({ runId, outcome, reason, createdAt, parent, checkpoints, rewinds }: LineageRun): FamilyMember {
  return {
    runId,
    outcome,
    createdAt,
    ...(reason !== undefined && { reason }),
    ...(parent !== undefined && { parent }),
    checkpoints,
    rewinds: rewinds.map(({ generation, cause, fromStep, toStep, recordedAt }) => {
      return { generation, cause, fromStep, toStep, recordedAt };
    }),
  };
}

const listSweeps = route({
  ...read,
  topic: 'Sweeps',
  path: '/v1/sweeps',
  id: 'listSweeps',
  summary: 'List sweeps, newest first',
  query: z.strictObject({ limit: pageLimit(LIST.byDefault, LIST.most) }),
  answer: Sweeps,
  handle: async ({ runs }, { query: { limit = LIST.byDefault } }) => ({
    sweeps: (await runs.sweeps.list({ limit })).map(sweepOf),
  }),
});

const showSweep = route({
  ...read,
  topic: 'Sweeps',
  path: '/v1/sweeps/{sweep}',
  id: 'showSweep',
  summary: 'Show a sweep: what was tried, what it scored, and why it was stopped',
  params: z.strictObject({
    sweep: z.string().max(100).describe('id of the sweep, an unambiguous beginning of it, or @newest'),
  }),
  answer: Sweep,
  handle: async (services, { params }) =>
    wholeSweep(await services.runs.sweeps.show(await findSweep(services, params.sweep))),
});

type ListedSweep = Immutable<z.input<typeof Sweeps>>['sweeps'][number];

function sweepOf({
  sweepId,
  name,
  goal,
  suite,
  askedBy,
  outcome,
  reason,
  best,
  createdAt,
  ...rest
}: StoredSweep): ListedSweep {
  const found = { sweepId, name, goal, suite, askedBy, outcome, createdAt, updatedAt: rest.updatedAt };
  return { ...found, ...(reason !== undefined && { reason }), ...(best !== undefined && { best }) };
}

function wholeSweep({ trials, status, changes, ...sweep }: SweepDetails): Immutable<z.input<typeof Sweep>> {
  return {
    ...sweep,
    changes: changes.map(({ order, change: { by, at, ...change } }) => ({ order, by, at, change: { ...change } })),
    ...(status !== undefined && { wanted: status.wanted, concurrency: status.concurrency }),
    trials: trials.map(
      ({ number, runId, planned, state, reason, score, runOutcome, runReason, confirmation, hours, cost, scores }) => ({
        number,
        runId,
        parameters: planned.parameters,
        state,
        trainerHours: hours,
        cost,
        ...(reason !== undefined && { reason }),
        ...(score !== undefined && { score }),
        ...(runOutcome !== undefined && { runOutcome }),
        ...(runReason !== undefined && { runReason }),
        ...(confirmation?.kind === 'scored' && { confirmed: confirmation.scored }),
        scores: scores.map(({ step, order, checkpoint, score: value, low, high, verdict }) => ({
          step,
          order,
          checkpoint,
          score: value,
          low,
          high,
          ...(verdict !== undefined && { stop: verdict.stop, reason: verdict.reason }),
        })),
      }),
    ),
  };
}

export const OTHER_ROUTES: readonly Route[] = [
  listMachines,
  listDeployments,
  listPromptSets,
  showPromptSet,
  listAliases,
  showPromotion,
  showLineage,
  showFamily,
  listSweeps,
  showSweep,
];
