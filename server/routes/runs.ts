/** Reading runs. */
import { z } from 'zod';
import { FACT_NAMES } from '../../client/runs/run-choice.ts';
import { UserError } from '../../client/errors.ts';
import { cursorQuery, pageLimit, runParams } from '../answers/common.ts';
import { Evaluations, Samples } from '../answers/evaluations.ts';
import { Checkpoints, Costs, Curve, Events, Rewinds, Run, RunList, Steps, Verdicts } from '../answers/runs.ts';
import { Problem, problemOf } from '../problem.ts';
import { route, type Route } from '../route.ts';
import { cursorAfter, placeOf } from './cursor.ts';
import { findRun, found } from './find.ts';
import { runOf, summaryOf } from './run-view.ts';

const LIST = { byDefault: 50, most: 500 };
const ROWS = { byDefault: 100, most: 1_000 };
const SAMPLES = { byDefault: 20, most: 200 };
const SPANS = 500;

const after = z.int().min(0).optional().describe('only what comes behind this one');

const topic = 'Runs';
const read = { method: 'GET', topic, role: 'viewer' } as const;

const listRuns = route({
  ...read,
  path: '/v1/runs',
  id: 'listRuns',
  summary: 'List runs, newest first unless they are sorted',
  query: z.strictObject({
    where: z
      .array(z.string().min(1).max(400))
      .max(20)
      .optional()
      .describe(
        `conditions that must all hold: a field, one of = != > >= < <=, a value (score>=0.3). Fields are ${FACT_NAMES}, and those of the experiment`,
      ),
    tag: z.array(z.string().min(1).max(40)).max(20).optional().describe('tags that a run must all have'),
    sort: z.string().min(1).max(100).optional().describe('a field; with - in front, the largest first'),
    limit: pageLimit(LIST.byDefault, LIST.most),
    cursor: cursorQuery,
  }),
  answer: RunList,
  handle: async ({ runs }, { query: { where = [], tag: tags, sort, limit = LIST.byDefault, cursor } }) => {
    for (const condition of where) refusePattern(condition);
    const place = cursor === undefined ? undefined : placeOf(cursor);
    const list = await asRequest(() =>
      runs.list({
        limit: limit + 1,
        where,
        ...(tags !== undefined && { tags }),
        ...(sort !== undefined && { sort }),
        ...(place !== undefined && { after: place }),
      }),
    );
    const page = list.runs.slice(0, limit);
    const last = page.at(-1);
    return {
      runs: page.map(summaryOf),
      ...(list.runs.length > limit && last !== undefined && { cursor: cursorAfter(last) }),
      ...(list.stale !== undefined && { stale: list.stale }),
    };
  },
});

/** An expression that takes for ever would hold up everybody who asks this server. */
function refusePattern(condition: string): void {
  if (!/^[a-zA-Z][\w.-]*~/.test(condition)) return;
  const detail = `where ${condition}: patterns (~) are looked for on the command line only.`;
  throw new Problem('invalid-request', { detail, errors: [{ detail, parameter: 'where' }] });
}

/** What cannot be listed so is a fault of the request. */
async function asRequest<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { kind, said } = problemOf(error);
    if (!(error instanceof UserError) || kind !== 'refused') throw error;
    throw new Problem('invalid-request', said, { cause: error });
  }
}

const showRun = route({
  ...read,
  path: '/v1/runs/{run}',
  id: 'showRun',
  summary: 'Show where a run is now',
  params: runParams,
  answer: Run,
  handle: async (services, { params }) =>
    runOf(await services.runs.show(await findRun(services, params.run), { checkpoints: 1 })),
});

const listSteps = route({
  ...read,
  path: '/v1/runs/{run}/steps',
  id: 'listSteps',
  summary: 'List the steps of a run, in order',
  params: runParams,
  query: z.strictObject({ after, limit: pageLimit(ROWS.most, 10_000) }),
  answer: Steps,
  handle: async (services, { params, query: { after: afterStep = 0, limit = ROWS.most } }) => {
    const runId = await findRun(services, params.run);
    const steps = await services.runs.steps(runId, { afterStep, limit: limit + 1 });
    const page = steps.slice(0, limit);
    const last = page.at(-1);
    return { steps: page, ...(steps.length > limit && last !== undefined && { next: last.step }) };
  },
});

const showCurve = route({
  ...read,
  path: '/v1/runs/{run}/curve',
  id: 'showCurve',
  summary: 'Show the course of a run: its steps put together in spans, each with minimum, mean and maximum',
  detail: 'The store puts them together, so that half a million steps are answered as fast as a hundred.',
  params: runParams,
  query: z.strictObject({
    spans: z.int().min(1).max(2_000).optional().describe(`at most so many; default ${SPANS}`),
    from: z.int().min(0).optional().describe('first step; default: the first that is recorded'),
    to: z.int().min(0).optional().describe('last step; default: the last that is recorded'),
    metrics: z.boolean().optional().describe('also what was told of the steps by name; default false'),
  }),
  answer: Curve,
  handle: async (services, { params, query: { spans = SPANS, from, to, metrics = false } }) => {
    const runId = await findRun(services, params.run);
    const range = { ...(from !== undefined && { fromStep: from }), ...(to !== undefined && { toStep: to }) };
    return { spans: await services.runs.curve(runId, { spans, metrics, ...range }) };
  },
});

const listCheckpoints = route({
  ...read,
  path: '/v1/runs/{run}/checkpoints',
  id: 'listCheckpoints',
  summary: 'List checkpoints with what is known of each: the last ones, then page by page those before',
  params: runParams,
  query: z.strictObject({
    before: z.string().max(100).optional().describe('name of a checkpoint: only those before it'),
    limit: pageLimit(ROWS.byDefault, ROWS.most),
  }),
  answer: Checkpoints,
  handle: async (services, { params, query: { before, limit = ROWS.byDefault } }) => {
    const runId = await findRun(services, params.run);
    const page = { limit, ...(before !== undefined && { before }) };
    const { rows, next } = await services.runs.records.checkpoints(runId, page);
    return { checkpoints: rows, ...(next !== undefined && { before: next }) };
  },
});

const listEvaluations = route({
  ...read,
  path: '/v1/runs/{run}/evaluations',
  id: 'listEvaluations',
  summary: "List a run's own evaluations, in order of step; void ones too",
  params: runParams,
  answer: Evaluations,
  handle: async (services, { params }) => ({
    evaluations: await services.runs.records.evaluations(await findRun(services, params.run)),
  }),
});

const listSamples = route({
  ...read,
  path: '/v1/runs/{run}/samples',
  id: 'listSamples',
  summary: 'Read the answers of an evaluation, beside those of another checkpoint if asked, prompt by prompt',
  params: runParams,
  query: z.strictObject({
    checkpoint: z.string().min(1).max(100).optional().describe('name, step, `best` or `last`; default: last'),
    suite: z.string().min(1).max(100).optional().describe('default: the main one'),
    beside: z.string().min(1).max(200).optional().describe('another checkpoint: of this run, or RUN@CHECKPOINT'),
    worse: z.boolean().optional().describe('only prompts on which the other one scored more; needs `beside`'),
    failed: z.boolean().optional().describe('only answers that are not wholly right, or missing'),
    text: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('only prompts with this in the prompt, an answer or the reference'),
    after: z.int().min(0).optional().describe('only prompts behind this number'),
    limit: pageLimit(SAMPLES.byDefault, SAMPLES.most),
  }),
  answer: Samples,
  handle: async (services, { params, query }) => {
    const { checkpoint = 'last', beside, worse = false, text, limit = SAMPLES.byDefault, ...rest } = query;
    const runId = await findRun(services, params.run);
    if (worse && beside === undefined) {
      const detail = 'worse: than which checkpoint? Give `beside` too.';
      throw new Problem('invalid-request', { detail, errors: [{ detail, parameter: 'worse' }] });
    }
    const other = beside === undefined || beside.includes('@') ? beside : `${runId}@${beside}`;
    return found(() =>
      services.runs.samples({
        of: `${runId}@${checkpoint}`,
        worse,
        limit,
        ...present(rest),
        ...(other !== undefined && { beside: other }),
        ...(text !== undefined && { grep: literally(text) }),
      }),
    );
  },
});

type Present<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

function present<T extends object>(fields: T): Partial<Present<T>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Present<T>>;
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

const listVerdicts = route({
  ...read,
  path: '/v1/runs/{run}/verdicts',
  id: 'listVerdicts',
  summary: 'List what was decided at each checkpoint, and why, in the order of deciding',
  params: runParams,
  query: z.strictObject({ after, limit: pageLimit(ROWS.byDefault, ROWS.most) }),
  answer: Verdicts,
  handle: async (services, { params, query: { after: place = 0, limit = ROWS.byDefault } }) => {
    const runId = await findRun(services, params.run);
    const { rows: verdicts, ...rest } = await services.runs.records.verdicts(runId, { after: place, limit });
    return { verdicts, ...rest };
  },
});

const listEvents = route({
  ...read,
  path: '/v1/runs/{run}/events',
  id: 'listEvents',
  summary: "Read a run's log",
  params: runParams,
  query: z.strictObject({ after, limit: pageLimit(ROWS.byDefault, ROWS.most) }),
  answer: Events,
  handle: async (services, { params, query: { after: place = 0, limit = ROWS.byDefault } }) => {
    const runId = await findRun(services, params.run);
    const { rows: events, ...rest } = await services.runs.records.events(runId, { after: place, limit });
    return { events, ...rest };
  },
});

const listRewinds = route({
  ...read,
  path: '/v1/runs/{run}/rewinds',
  id: 'listRewinds',
  summary: 'List when a run went back to a checkpoint, why, and what that cost',
  params: runParams,
  answer: Rewinds,
  handle: async (services, { params }) => ({
    rewinds: await services.runs.records.rewinds(await findRun(services, params.run)),
  }),
});

const showCosts = route({
  ...read,
  path: '/v1/runs/{run}/costs',
  id: 'showCosts',
  summary: 'Show what a run rented, and what that came to by its prices',
  params: runParams,
  answer: Costs,
  handle: async (services, { params }) => {
    const runId = await findRun(services, params.run);
    return found(() => services.runs.records.costs(runId));
  },
});

export const RUN_ROUTES: readonly Route[] = [
  listRuns,
  showRun,
  listSteps,
  showCurve,
  listCheckpoints,
  listEvaluations,
  listSamples,
  listVerdicts,
  listEvents,
  listRewinds,
  showCosts,
];
