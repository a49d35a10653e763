/** Acting on runs: whatever the command line does, the same library does here. */
import { join } from 'node:path';
import { z } from 'zod';
import { checkExperiment } from '../../client/local/check-program.ts';
import { UserError } from '../../client/errors.ts';
import { loadExperimentText } from '../../files/experiment/experiment-file.ts';
import type { RunSpec } from '../../domain/spec/spec.ts';
import {
  Asked,
  Branched,
  BranchRequest,
  Checked,
  ExperimentText,
  SetDone,
  SetRequest,
  StopRequest,
  Submitted,
  Validated,
} from '../answers/acting.ts';
import { runParams } from '../answers/common.ts';
import { route, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { findRun } from './find.ts';

const topic = 'Acting on runs';
const acts = { method: 'POST', topic, role: 'operator' } as const;

const set = z
  .array(z.string().min(3).max(400))
  .max(50)
  .optional()
  .describe('fields to change, as path=value with the value in YAML, e.g. train.steps=100');

/** Paths that are not absolute are those of uploads. */
export function uploadsOf({ config }: Services): string {
  return join(config.home, 'uploads');
}

async function read(services: Services, text: string, changes: readonly string[] = []): Promise<RunSpec> {
  const channels = await services.runs.notify.check(services.config.home);
  return loadExperimentText(text, { folder: uploadsOf(services), set: changes, channels });
}

const submitRun = route({
  ...acts,
  path: '/v1/runs',
  id: 'submitRun',
  status: 201,
  summary: 'Submit an experiment: from here on it is durable',
  detail:
    'The file as it is, in YAML or JSON. Paths are those of the machine of the workers; others count from uploads.',
  query: z.strictObject({
    id: z.string().min(1).max(40).optional().describe('of the run; submitted once, however often it is asked for'),
    set,
  }),
  body: ExperimentText,
  bodyForm: 'text',
  answer: Submitted,
  handle: async (services, { query: { id, set: changes }, body, attempt: { hex } }) => {
    const spec = await read(services, body, changes);
    const submitted = await services.runs.start(spec, { id: id ?? `${spec.name}-${hex}` });
    const warning = await services.runs.missingWorker().catch(() => undefined);
    return {
      runId: submitted.runId,
      // Of an id that follows from the request, only this very request can have made it.
      existed: id !== undefined && submitted.existed,
      ...(warning !== undefined && { warning }),
    };
  },
});

const validateExperiment = route({
  ...acts,
  looks: true,
  path: '/v1/experiments:validate',
  id: 'validateExperiment',
  summary: 'Read an experiment as `pawl run` would, and say what is wrong with it; nothing is submitted',
  query: z.strictObject({ set }),
  body: ExperimentText,
  bodyForm: 'text',
  answer: Validated,
  handle: async (services, { query, body }) => ({ experiment: await read(services, body, query.set) }),
});

const checkRoute = route({
  ...acts,
  looks: true,
  path: '/v1/experiments:check',
  id: 'checkExperiment',
  summary: 'Look at an experiment as `pawl check` does: rows, masks, steps, tokens, cost, what is wrong',
  detail: 'Takes as long as it takes to read the data, in a process of its own.',
  query: z.strictObject({ set, offline: z.boolean().optional().describe('ask no platform for the shape') }),
  body: ExperimentText,
  bodyForm: 'text',
  answer: Checked,
  handle: async (services, { query: { set: changes, offline = false }, body }) =>
    checkExperiment(services.config, await read(services, body, changes), { offline }),
});

type What = z.output<typeof Asked>['asked'];

/** What is asked of a run takes effect later; where nobody is there to do it, it waits, and that is said. */
async function asked(
  services: Services,
  runId: string,
  what: What,
  ask: () => Promise<string | undefined>,
): Promise<z.output<typeof Asked>> {
  const effect = await ask();
  const warning = await services.runs.nobodyFor(runId).catch(() => undefined);
  return { runId, asked: what, ...(effect !== undefined && { effect }), ...(warning !== undefined && { warning }) };
}

const pauseRun = route({
  ...acts,
  path: '/v1/runs/{run}/pause',
  id: 'pauseRun',
  status: 202,
  summary: "Save a run's state and return its machines at the end of the window; it waits, for as long as it takes",
  params: runParams,
  answer: Asked,
  handle: async (services, { params }) => {
    const runId = await findRun(services, params.run);
    return asked(services, runId, 'pause', () => services.runs.pause(runId));
  },
});

const resumeRun = route({
  ...acts,
  path: '/v1/runs/{run}/resume',
  id: 'resumeRun',
  status: 202,
  summary: 'Rent again, and go on exactly where the run was',
  params: runParams,
  answer: Asked,
  handle: async (services, { params }) => {
    const runId = await findRun(services, params.run);
    return asked(services, runId, 'resume', async () => {
      await services.runs.resume(runId);
      return undefined;
    });
  },
});

const stopRun = route({
  ...acts,
  path: '/v1/runs/{run}/stop',
  id: 'stopRun',
  status: 202,
  summary: 'End a run in good order, with a last checkpoint; or at once. What it rented is returned',
  params: runParams,
  body: StopRequest,
  answer: Asked,
  handle: async (services, { params, body: { now = false, reason }, attempt: { again } }) => {
    const runId = await findRun(services, params.run);
    return asked(services, runId, now ? 'cancel' : 'stop', async () => {
      try {
        return await services.runs.stop(runId, { now, ...(reason !== undefined && { reason }) });
      } catch (error) {
        // Asked before, and over by now: that is what was asked for.
        if (again && error instanceof UserError && error.message.includes('is over already')) return undefined;
        throw error;
      }
    });
  },
});

const setRun = route({
  ...acts,
  path: '/v1/runs/{run}/set',
  id: 'setRun',
  summary: 'Change the experiment of a run that goes on, from its next saved state on',
  params: runParams,
  body: SetRequest,
  answer: SetDone,
  handle: async (services, { params, body: { settings }, caller: { owner: by } }) => {
    const runId = await findRun(services, params.run);
    return { runId, ...(await services.runs.set(runId, settings, { by })) };
  },
});

const branchRun = route({
  ...acts,
  path: '/v1/runs/{run}/branch',
  id: 'branchRun',
  status: 201,
  summary: 'Start a run from a checkpoint of another one, with other settings',
  params: runParams,
  body: BranchRequest,
  answer: Branched,
  handle: async (services, { params, body: { checkpoint = 'last', settings, name }, attempt: { hex } }) => {
    const runId = await findRun(services, params.run);
    const request = { hex, ...(settings !== undefined && { settings }), ...(name !== undefined && { name }) };
    return services.runs.branch(`${runId}@${checkpoint}`, request);
  },
});

export const ACTING_ROUTES: readonly Route[] = [
  submitRun,
  validateExperiment,
  checkRoute,
  pauseRun,
  resumeRun,
  stopRun,
  setRun,
  branchRun,
];
