/** Deployments that serve a trainer's snapshots: created under an id planned ahead, and linked to that trainer. */
import { z } from 'zod';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { Anything, controlCall, unlessStatus } from './control-call.ts';
import {
  deploymentBody,
  deploymentOf,
  DeploymentRow,
  differenceOf,
  unversioned,
  type Deployment,
  type RolloutDeployment,
} from './deployment-row.ts';
import { pages } from './pages.ts';
import { pollFor } from './poll.ts';
import { answersProbe } from './probe.ts';
import { requireGone } from './read-back.ts';
import { NEVER } from './sleep.ts';
import { deploymentName, trainerName, type Wire } from './wire.ts';

const MINUTE_MS = 60_000;

const DeploymentList = z.object({
  deployments: z.array(DeploymentRow.extend({ name: z.string().default('') })).default([]),
  nextPageToken: z.string().default(''),
});

/** Rents, finds, waits for, links and returns deployments. Errors are `BackendError`s. */
export class Deployments {
  readonly #wire: Wire;

  /** Use `Fireworks.deployments`. */
  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Creates the deployment, or adopts the one of that id if it is made of the same things and has not failed. */
  async create(request: RolloutDeployment, signal: AbortSignal = NEVER): Promise<Deployment> {
    const account = await this.#wire.account(signal);
    const row = await this.#post(request, account, signal);
    return row ?? this.#adopt(request, account, signal);
  }

  /** As `create`; but one that failed, or is being deleted, is deleted and created anew. */
  async createOrGet(request: RolloutDeployment, signal: AbortSignal = NEVER): Promise<Deployment> {
    const existing = await this.#find(request.id, signal);
    if (existing !== undefined && (existing.phase === 'failed' || existing.phase === 'deleted')) {
      if (existing.phase === 'failed') await this.delete(request.id, signal);
      const { deletion, deletionTimeoutMs } = this.#wire.settings.polls;
      // Not gone in time is no reason to stop: creating it will tell.
      await pollFor(
        deletion,
        deletionTimeoutMs,
        async () => ((await this.#find(request.id, signal)) === undefined ? true : undefined),
        signal,
      );
    }
    return this.create(request, signal);
  }

  /** One that is still in creation, and yet answers a completion, counts as serving. */
  async get(id: string, signal: AbortSignal = NEVER): Promise<Deployment | undefined> {
    const found = await this.#find(id, signal);
    if (found?.state !== 'CREATING') return found;
    return (await answersProbe(this.#wire, id, signal)) ? { ...found, phase: 'serving' } : found;
  }

  /** Deployments of the account, page after page. */
  async *list(signal: AbortSignal = NEVER): AsyncGenerator<Deployment> {
    const path = `accounts/${await this.#wire.account(signal)}/deployments`;
    for await (const page of pages(this.#wire, path, {}, DeploymentList, signal)) {
      for (const row of page.deployments) {
        yield deploymentOf(row.name.split('/').at(-1) ?? '', row, this.#wire.http.redact);
      }
    }
  }

  /** Resolves when it serves; fails with `LostTrainer` if it never will, with `Unavailable` after 90 minutes. */
  async waitReady(
    id: string,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Deployment> {
    const { timeoutMs = 90 * MINUTE_MS, signal = NEVER } = options;
    return this.#until(id, timeoutMs, this.#wire.settings.polls.deployment, ({ phase }) => phase === 'serving', signal);
  }

  /** `minimum` defaults to the same number; zero releases the machines and keeps the deployment. */
  async scale(id: string, replicas: number, signal: AbortSignal = NEVER): Promise<void> {
    await this.#patch(id, { maxReplicaCount: replicas, minReplicaCount: replicas }, signal);
  }

  /**
   * Links the deployment to another trainer of the same shape, and waits until it serves again. Its pods restart with
   * base weights: the delta chain is void, and the next snapshot must be a base.
   */
  async reattach(
    id: string,
    trainerId: string,
    options: {
      readonly transition?: 'SYNC' | 'ASYNC';
      readonly timeoutMs?: number;
      readonly settleTimeoutMs?: number;
      /** The trainer's own deployment shape; checked before anything restarts. */
      readonly shape?: string;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<Deployment> {
    const { transition, timeoutMs = 90 * MINUTE_MS, settleTimeoutMs = 10 * MINUTE_MS, shape, signal = NEVER } = options;
    const before = await this.waitReady(id, { timeoutMs, signal });
    requireShape(before, shape);
    const trainer = trainerName(await this.#wire.account(signal), trainerId);
    const changes = {
      ...(before.trainer === trainer ? {} : { hotLoadTrainerJob: trainer }),
      ...(transition === undefined || before.transition === transition ? {} : { hotLoadTransitionType: transition }),
    };
    const changed = Object.keys(changes).length > 0;
    // Linked already by a call whose answer was lost: its pods may still restart.
    if (!changed && before.state !== 'UPDATING') return before;
    if (changed) await this.#patch(id, changes, signal);
    return this.#until(
      id,
      settleTimeoutMs,
      this.#wire.settings.polls.reattach,
      (now) =>
        now.state === 'READY' && now.trainer === trainer && (transition === undefined || now.transition === transition),
      signal,
    );
  }

  /** Idempotent: one that is not there is deleted. Fails with `Unavailable` where the platform agreed and it goes on. */
  async delete(id: string, signal: AbortSignal = NEVER): Promise<void> {
    const call = controlCall(this.#wire.settings, 'DELETE', await this.#path(id, signal), {
      query: { ignoreChecks: 'true', hard: 'true' },
    });
    if ((await unlessStatus(404, this.#wire.http.send(call, Anything, signal))) === undefined) return;
    await requireGone(this.#wire, `deployment ${id}`, signal, async () => {
      const found = await this.#find(id, signal);
      return found === undefined || found.phase === 'deleted' ? undefined : found.state;
    });
  }

  /** Takes back a deletion that was not hard. */
  async undelete(id: string, signal: AbortSignal = NEVER): Promise<void> {
    const call = controlCall(this.#wire.settings, 'POST', `${await this.#path(id, signal)}:undelete`);
    await this.#wire.http.send(call, Anything, signal);
  }

  /** Forgets which snapshots were loaded: the next one must be a base. */
  async resetLedger(id: string, signal: AbortSignal = NEVER): Promise<void> {
    const call = controlCall(this.#wire.settings, 'DELETE', `${await this.#path(id, signal)}/ledger`);
    await this.#wire.http.send(call, Anything, signal);
  }

  async #path(id: string, signal: AbortSignal): Promise<string> {
    return deploymentName(await this.#wire.account(signal), id);
  }

  async #find(id: string, signal: AbortSignal): Promise<Deployment | undefined> {
    const { settings, http } = this.#wire;
    const call = controlCall(settings, 'GET', await this.#path(id, signal));
    const row = await unlessStatus(404, http.send(call, DeploymentRow, signal));
    return row === undefined ? undefined : deploymentOf(id, row, http.redact);
  }

  async #post(request: RolloutDeployment, account: string, signal: AbortSignal): Promise<Deployment | undefined> {
    const { settings, http } = this.#wire;
    const call = controlCall(settings, 'POST', `accounts/${account}/deployments`, {
      query: { deploymentId: request.id },
      body: deploymentBody(request, account),
    });
    const row = await unlessStatus(409, http.send(call, DeploymentRow, signal));
    return row === undefined ? undefined : deploymentOf(request.id, row, http.redact);
  }

  async #patch(id: string, changes: object, signal: AbortSignal): Promise<void> {
    const mask = Object.keys(changes).map((key) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    const call = controlCall(this.#wire.settings, 'PATCH', await this.#path(id, signal), {
      // Without a mask the platform would zero every other field.
      query: { updateMask: mask.join(',') },
      body: changes,
    });
    await this.#wire.http.send(call, Anything, signal);
  }

  async #until(
    id: string,
    timeoutMs: number,
    poll: { readonly firstMs: number; readonly maxMs: number },
    done: (now: Deployment) => boolean,
    signal: AbortSignal,
  ): Promise<Deployment> {
    let last: Deployment | undefined;
    const found = await pollFor(
      poll,
      timeoutMs,
      async () => {
        last = await this.get(id, signal);
        if (last === undefined || last.phase === 'failed' || last.phase === 'deleted') {
          const detail = last?.detail === undefined ? '' : `: ${last.detail}`;
          const state = last === undefined ? 'it does not exist' : `its state is ${last.state}`;
          throw new BackendError('LostTrainer', `deployment ${id} will not become ready, ${state}${detail}`);
        }
        return done(last) ? last : undefined;
      },
      signal,
    );
    if (found !== undefined) return found;
    throw new BackendError('Unavailable', `deployment ${id} is not ready in time, its state is ${last?.state}`);
  }

  async #adopt(request: RolloutDeployment, account: string, signal: AbortSignal): Promise<Deployment> {
    const found = await this.#find(request.id, signal);
    if (found === undefined) {
      throw new BackendError(
        'Unavailable',
        `deployment ${request.id} exists and does not exist: the platform disagrees`,
      );
    }
    if (found.phase === 'failed' || found.phase === 'deleted') {
      const detail = found.detail === undefined ? '' : `: ${found.detail}`;
      throw new BackendError(
        'InvalidRequest',
        `deployment ${request.id} exists in state ${found.state}${detail}. Delete it, or start a new run`,
        { status: 409 },
      );
    }
    const difference = differenceOf(found, request, account);
    if (difference !== undefined) {
      throw new BackendError(
        'InvalidRequest',
        `deployment ${request.id} exists with another ${difference}: start a new run, or delete that deployment`,
        { status: 409 },
      );
    }
    return found;
  }
}

/** Versions of one shape are equal. */
function requireShape({ id, shape: present }: Deployment, wanted: string | undefined): void {
  if (wanted === undefined || present === undefined || unversioned(wanted) === unversioned(present)) return;
  throw new BackendError(
    'InvalidRequest',
    `deployment ${id} is of shape ${present}, and the trainer needs ${wanted}: create another deployment`,
  );
}
