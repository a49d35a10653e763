/** The `WeightSync` port: hot load of one snapshot on one deployment, believed only when every replica says so. */
import { performance } from 'node:perf_hooks';
import type { Target } from '../../../domain/words/checkpoint.ts';
import { BackendError, SyncFailedError } from '../../../domain/words/failures-of-calls.ts';
import type { ReplicaStatus, Snapshot, WeightSync } from '../../ports.ts';
import { endpoint, type Call } from './call.ts';
import { Anything } from './control-call.ts';
import {
  allCurrent,
  canTake,
  describeReplicas,
  failedOn,
  HotLoadStatus,
  knowsNothingOf,
  replicasOf,
} from './hot-load-status.ts';
import type { Outcome } from './retries.ts';
import { sleep } from './sleep.ts';
import { intervalMs } from './tables.ts';
import { deploymentName, type Wire } from './wire.ts';

export function createHotLoad(wire: Wire): WeightSync {
  const { settings, http } = wire;
  /** Older serving images refuse the field; once one did, it is left out for good. */
  let resetsCache = true;

  async function hotLoad(target: Target, signal: AbortSignal): Promise<Pick<Call, 'service' | 'url' | 'headers'>> {
    return {
      service: 'hotLoad',
      url: endpoint(settings.urls.hotLoad, 'hot_load/v1/models/hot_load'),
      headers: {
        'fireworks-model': target.baseModel,
        'fireworks-deployment': deploymentName(await wire.account(signal), target.deploymentId),
      },
    };
  }

  async function statusCall(target: Target, signal: AbortSignal): Promise<Call> {
    return {
      ...(await hotLoad(target, signal)),
      method: 'GET',
      timeout: settings.timeouts.hotLoadRead,
      retry: settings.retries.controlPlane,
    };
  }

  async function replicas(target: Target, signal: AbortSignal): Promise<readonly ReplicaStatus[]> {
    return replicasOf(await http.send(await statusCall(target, signal), HotLoadStatus, signal));
  }

  /** A load that arrives before the deployment's manager is up can take the serving process down. */
  async function managed(target: Target, signal: AbortSignal): Promise<readonly ReplicaStatus[]> {
    const { manager, managerTimeoutMs } = settings.polls;
    const startedMs = performance.now();
    for (let round = 0; ; round += 1) {
      const list = await replicas(target, signal);
      if (list.length > 0) return list;
      if (performance.now() - startedMs >= managerTimeoutMs) {
        throw new BackendError(
          'Unavailable',
          `deployment ${target.deploymentId} reports no replica after ${managerTimeoutMs / 1000} s: is it scaled to zero?`,
        );
      }
      await sleep(intervalMs(manager, round), signal);
    }
  }

  async function post(target: Target, body: object, signal: AbortSignal): Promise<void> {
    const call: Call = {
      ...(await hotLoad(target, signal)),
      method: 'POST',
      body: JSON.stringify(body),
      timeout: settings.timeouts.hotLoadWrite,
      retry: settings.retries.hotLoad,
    };
    await http.send(call, Anything, signal);
  }

  async function request(target: Target, snapshot: Snapshot, signal: AbortSignal): Promise<void> {
    try {
      await post(target, loadBody(snapshot, resetsCache), signal);
    } catch (error) {
      if (!resetsCache || !refusesCacheField(error)) throw asLoadError(error, target, snapshot);
      resetsCache = false;
      try {
        await post(target, loadBody(snapshot, resetsCache), signal);
      } catch (second) {
        throw asLoadError(second, target, snapshot);
      }
    }
  }

  /** For a replica that was replaced after the load was accepted: it will not hear of it by itself. */
  async function requestAgain(
    target: Target,
    snapshot: Snapshot,
    last: readonly ReplicaStatus[],
    signal: AbortSignal,
  ): Promise<void> {
    if (!canTake(last, snapshot)) {
      throw syncFailed('a replica was replaced, and the delta does not fit it', target, snapshot.identity, last);
    }
    const { identity } = snapshot;
    settings.logger.warn({ deploymentId: target.deploymentId, identity }, 'a replica knows nothing of the load: again');
    await request(target, snapshot, signal);
  }

  return {
    replicas,

    async load(target, snapshot, signal) {
      if (snapshot.identity.includes('/')) {
        throw new BackendError(
          'InvalidRequest',
          `"${snapshot.identity}" cannot be hot-loaded: an identity has no slash`,
        );
      }
      // Already there, e.g. when a crash came between the load and its record: a delta does not apply twice.
      if (allCurrent(await managed(target, signal), snapshot.identity, target.replicas)) return;
      await request(target, snapshot, signal);
    },

    async waitConfirmed(target, snapshot, { timeoutMs, signal, onStatus }) {
      const { identity } = snapshot;
      const deadlineMs = performance.now() + timeoutMs;
      let last: readonly ReplicaStatus[] = [];
      let trouble: string | undefined;
      let idleSinceMs = Infinity;
      for (let round = 0; ; round += 1) {
        const outcome = await statusOnce(target, deadlineMs, signal);
        if (outcome.ok) {
          last = outcome.value;
          trouble = undefined;
          onStatus?.(last);
          if (allCurrent(last, identity, target.replicas)) return last;
          const failed = last.findIndex((replica) => failedOn(replica, identity));
          if (failed >= 0) throw syncFailed(`replica ${failed} failed to load it`, target, identity, last);
          const idle = last.some((replica) => knowsNothingOf(replica, identity));
          idleSinceMs = idle ? Math.min(idleSinceMs, performance.now()) : Infinity;
          if (performance.now() - idleSinceMs >= settings.polls.forgottenMs) {
            await requestAgain(target, snapshot, last, signal);
            idleSinceMs = Infinity;
          }
        } else {
          trouble = outcome.error.message;
        }
        const leftMs = deadlineMs - performance.now();
        if (leftMs <= 0) {
          const also = trouble === undefined ? '' : `, last status request: ${trouble}`;
          throw syncFailed(`not confirmed within ${timeoutMs / 1000} s${also}`, target, identity, last);
        }
        await sleep(Math.min(intervalMs(settings.polls.hotLoad, round), leftMs), signal);
      }
    },
  };

  /** A status request that fails is no news of the load, unless no later one could succeed either. */
  async function statusOnce(
    target: Target,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<Outcome<readonly ReplicaStatus[]>> {
    const call = await statusCall(target, signal);
    // The last request, made as the time runs out, still gets its second.
    const limitMs = Math.min(call.timeout.headersMs, Math.max(1_000, deadlineMs - performance.now()));
    const timeout = { headersMs: limitMs, bodyMs: limitMs };
    const outcome = await http.once({ ...call, timeout }, HotLoadStatus, signal);
    if (outcome.ok) return { ok: true, value: replicasOf(outcome.value) };
    if (outcome.error.type === 'Unauthorized') throw outcome.error;
    return outcome;
  }
}

function loadBody(snapshot: Snapshot, resetsCache: boolean): object {
  return {
    identity: snapshot.identity,
    ...(resetsCache ? { reset_prompt_cache: true } : {}),
    ...(snapshot.previousIdentity === undefined
      ? {}
      : {
          incremental_snapshot_metadata: {
            previous_snapshot_identity: snapshot.previousIdentity,
            compression_format: 'arc_v2',
            // The platform spells it so.
            checksum_format: 'alder32',
          },
        }),
  };
}

function refusesCacheField(error: unknown): boolean {
  if (!(error instanceof BackendError) || error.status !== 400) return false;
  const message = error.message.toLowerCase();
  return message.includes('reset_prompt_cache') && message.includes('extra inputs are not permitted');
}

/** A refused delta, or a conflict with another load, breaks the chain: a base will mend it. */
function asLoadError(error: unknown, target: Target, snapshot: Snapshot): unknown {
  if (!(error instanceof BackendError) || error.status === undefined) return error;
  const refusedDelta = snapshot.previousIdentity !== undefined && [400, 412, 422].includes(error.status);
  if (!refusedDelta && error.status !== 409) return error;
  return new SyncFailedError(
    `deployment ${target.deploymentId} refused to load ${snapshot.identity}: ${error.message}`,
    { cause: error, detail: { identity: snapshot.identity, status: error.status } },
  );
}

function syncFailed(
  what: string,
  target: Target,
  identity: string,
  replicas: readonly ReplicaStatus[],
): SyncFailedError {
  return new SyncFailedError(
    `deployment ${target.deploymentId} does not serve ${identity}: ${what}; ${describeReplicas(replicas, target.replicas)}`,
    { detail: { identity, replicas: replicas.length } },
  );
}
