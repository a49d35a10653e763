/** Acting on promotions, machines and sweeps; and who did what. */
import { z } from 'zod';
import { isValid } from '../../client/access/tokens.ts';
import { UserError } from '../../client/errors.ts';
import { PROMOTION_ALIAS } from '../../domain/spec/promotion-spec.ts';
import { loadSweepText } from '../../files/sweep-file.ts';
import {
  Decided,
  DecisionRequest,
  ExtendRequest,
  PromoteRequest,
  PromotionAsked,
  Released,
  ReleaseRequest,
  StopRequest,
  SweepAsked,
  SweepSubmitted,
  SweepText,
  Undone,
} from '../answers/acting.ts';
import { AuditPage, TokenList } from '../answers/access.ts';
import { pageLimit } from '../answers/common.ts';
import { Problem } from '../problem.ts';
import { route, type Caller, type Route } from '../route.ts';
import type { Services } from '../services.ts';
import { uploadsOf } from './acting.ts';
import { findRun, findSweep } from './find.ts';

const acts = { method: 'POST', role: 'operator' } as const;
const governs = { method: 'POST', role: 'admin' } as const;

const promote = route({
  ...acts,
  topic: 'Promotions',
  path: '/v1/promotions',
  id: 'promote',
  status: 202,
  summary: 'Ask an alias to stand for a checkpoint, if it passes the gate',
  body: PromoteRequest,
  answer: PromotionAsked,
  handle: async (services, { body: { run, checkpoint = 'last', gate }, caller: { owner: by }, attempt: { hex } }) => {
    const runId = await findRun(services, run);
    return services.runs.promotions.promote(`${runId}@${checkpoint}`, { gate, by, hex });
  },
});

const promotionParams = z.strictObject({
  promotion: z.string().min(1).max(100).describe('its id, or the alias for which one awaits approval'),
});

interface Decision {
  readonly promotion: string;
  readonly approved: boolean;
  readonly reason: string | undefined;
  readonly again: boolean;
  readonly caller: Caller;
}

async function decide(
  { runs }: Services,
  { promotion, approved, reason, again, caller: { owner: by } }: Decision,
): Promise<z.output<typeof Decided>> {
  try {
    const decision = { approved, by, ...(reason !== undefined && { reason }) };
    const { id } = await runs.promotions.decide(promotion, decision);
    return { id, approved };
  } catch (error) {
    const known = again && error instanceof UserError ? await runs.promotions.show(promotion) : undefined;
    if (known?.decidedBy !== by || (known.state === 'rejected') === approved) throw error;
    return { id: known.id, approved };
  }
}

const approve = route({
  ...governs,
  topic: 'Promotions',
  path: '/v1/promotions/{promotion}/approve',
  id: 'approvePromotion',
  summary: 'Say yes to a promotion that awaits approval',
  params: promotionParams,
  body: DecisionRequest,
  answer: Decided,
  handle: async (services, { params: { promotion }, body: { reason }, caller, attempt: { again } }) =>
    decide(services, { promotion, approved: true, reason, again, caller }),
});

const reject = route({
  ...governs,
  topic: 'Promotions',
  path: '/v1/promotions/{promotion}/reject',
  id: 'rejectPromotion',
  summary: 'Say no to a promotion that awaits approval',
  params: promotionParams,
  body: DecisionRequest,
  answer: Decided,
  handle: async (services, { params: { promotion }, body: { reason }, caller, attempt: { again } }) =>
    decide(services, { promotion, approved: false, reason, again, caller }),
});

const undo = route({
  ...governs,
  topic: 'Promotions',
  path: '/v1/aliases/{alias}/undo',
  id: 'undoPromotion',
  summary: 'Make an alias stand for the champion before the present one; waits until it does',
  params: z.strictObject({ alias: z.string().regex(PROMOTION_ALIAS) }),
  answer: Undone,
  handle: async ({ runs }, { params: { alias }, caller: { owner: by }, attempt: { again } }) => {
    if (again) throw unknowable(`GET /v1/aliases?alias=${alias}`);
    const { undone, champion } = await runs.promotions.undo(alias, { by });
    return { alias, undone: undone.id, champion: champion.id };
  },
});

/** Done twice, it would be another thing. */
function unknowable(where: string): Problem {
  return new Problem('refused', {
    detail: 'This was asked before under the same key, and the server ended before it could say whether it was done.',
    remedy: `Look first (${where}); then ask under a new key, if it still is to be done.`,
  });
}

const release = route({
  ...governs,
  topic: 'Machines',
  path: '/v1/machines/{machine}/release',
  id: 'releaseMachine',
  summary: 'Return one machine',
  params: z.strictObject({ machine: z.string().min(1).max(100) }),
  body: ReleaseRequest,
  answer: Released,
  handle: async ({ runs }, { params: { machine: id }, body: { force = false, forget = false }, caller }) =>
    runs.machines.release({ id, force, forget, requestedBy: caller.owner }),
});

const sweeps = { ...acts, topic: 'Sweeps' } as const;
const sweepParams = z.strictObject({ sweep: z.string().min(1).max(100) });

const submitSweep = route({
  ...sweeps,
  path: '/v1/sweeps',
  id: 'submitSweep',
  status: 201,
  summary: 'Submit a sweep: the file as it is, in YAML or JSON',
  body: SweepText,
  bodyForm: 'text',
  answer: SweepSubmitted,
  handle: async (services, { body, caller: { owner: by }, attempt: { hex } }) => {
    const channels = await services.runs.notify.check(services.config.home);
    const loaded = await loadSweepText(body, { folder: uploadsOf(services), channels });
    return services.runs.sweeps.start(loaded, { by, hex });
  },
});

const pauseSweep = route({
  ...sweeps,
  path: '/v1/sweeps/{sweep}/pause',
  id: 'pauseSweep',
  status: 202,
  summary: 'Its runs rest without machines, and nothing is begun, until it is resumed',
  params: sweepParams,
  answer: SweepAsked,
  handle: async (services, { params }) => {
    const sweepId = await findSweep(services, params.sweep);
    await services.runs.sweeps.pause(sweepId);
    return { sweepId, asked: 'pause' as const };
  },
});

const resumeSweep = route({
  ...sweeps,
  path: '/v1/sweeps/{sweep}/resume',
  id: 'resumeSweep',
  status: 202,
  summary: 'Go on with a sweep that rests',
  params: sweepParams,
  answer: SweepAsked,
  handle: async (services, { params }) => {
    const sweepId = await findSweep(services, params.sweep);
    await services.runs.sweeps.resume(sweepId);
    return { sweepId, asked: 'resume' as const };
  },
});

const stopSweep = route({
  ...sweeps,
  path: '/v1/sweeps/{sweep}/stop',
  id: 'stopSweep',
  status: 202,
  summary: 'Begin no further trial; those that run end in good order, or are cancelled',
  params: sweepParams,
  body: StopRequest,
  answer: SweepAsked,
  handle: async (services, { params, body: { now = false, reason = 'stopped by request' } }) => {
    const sweepId = await findSweep(services, params.sweep);
    await services.runs.sweeps.stop(sweepId, { now, reason });
    return { sweepId, asked: now ? ('cancel' as const) : ('stop' as const) };
  },
});

const extendSweep = route({
  ...sweeps,
  path: '/v1/sweeps/{sweep}/extend',
  id: 'extendSweep',
  status: 202,
  summary: 'Let a sweep try more, or more at a time',
  params: sweepParams,
  body: ExtendRequest,
  answer: SweepAsked,
  handle: async (services, { params, body: { trials, concurrency }, caller: { owner: by } }) => {
    const sweepId = await findSweep(services, params.sweep);
    const change = { ...(trials !== undefined && { trials }), ...(concurrency !== undefined && { concurrency }) };
    await services.runs.sweeps.extend(sweepId, { ...change, by });
    return { sweepId, asked: 'extend' as const };
  },
});

const listTokens = route({
  method: 'GET',
  role: 'admin',
  topic: 'Access',
  path: '/v1/tokens',
  id: 'listTokens',
  summary: 'List tokens: as whom each acts, in which role, and until when; never the token itself',
  answer: TokenList,
  handle: async ({ runs }) => ({
    tokens: (await runs.tokens.list()).map((token) => ({ ...token, valid: isValid(token, Date.now()) })),
  }),
});

const listAudit = route({
  method: 'GET',
  role: 'admin',
  topic: 'Access',
  path: '/v1/audit',
  id: 'listAudit',
  summary: 'List who asked for what over the API, newest first, refused requests too',
  query: z.strictObject({
    before: z.int().min(1).optional().describe('only what was before this one'),
    limit: pageLimit(100, 1_000),
  }),
  answer: AuditPage,
  handle: async ({ runs }, { query: { before, limit = 100 } }) => {
    const found = await runs.audit.list({ limit: limit + 1, ...(before !== undefined && { before }) });
    const entries = found.slice(0, limit);
    const last = entries.at(-1);
    return { entries, ...(found.length > limit && last !== undefined && { before: last.seq }) };
  },
});

export const FURTHER_ACTING_ROUTES: readonly Route[] = [
  promote,
  approve,
  reject,
  undo,
  release,
  submitSweep,
  pauseSweep,
  resumeSweep,
  stopSweep,
  extendSweep,
  listTokens,
  listAudit,
];
