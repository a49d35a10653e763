/** The `Trainer` port: the data plane of one trainer job. */
import { fromOutside } from '../../../domain/words/outside-text.ts';
import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import type { Pending } from '../../ports.ts';
import { endpoint, type Call } from './call.ts';
import { Anything } from './control-call.ts';
import { createFutures } from './futures.ts';
import { passReply } from './pass-replies.ts';
import type { RetryPolicy } from './retry-timing.ts';
import { byRdma } from './rdma.ts';
import { createSequenceGuard } from './sequence-guard.ts';
import * as bodies from './trainer-bodies.ts';
import {
  CheckpointNames,
  Metrics,
  ModelCreated,
  ModelInfoReply,
  ModelUnloaded,
  Path,
  ServerCapabilities,
  SessionCreated,
} from './trainer-replies.ts';
import type { FireworksTrainer } from './trainer-requests.ts';
import { trainerName, type Wire } from './wire.ts';

const Accepted = z.object({ request_id: z.string().min(1) });

const AdapterLoaded = z
  .object({ adapter_path: z.string().min(1) })
  .transform((reply) => ({ path: reply.adapter_path }));

export function createTrainer(wire: Wire, trainerId: string): FireworksTrainer {
  const { settings, http } = wire;
  const { timeouts, retries, logger } = settings;
  const futures = createFutures(settings, http);
  const guard = createSequenceGuard();

  async function callTo(name: string, signal: AbortSignal): Promise<Pick<Call, 'service' | 'url'>> {
    const [, account, , job] = trainerName(await wire.account(signal), trainerId).split('/');
    const path = `training/v1/rlorTrainerJobs/${account}/${job}/api/v1/${name}`;
    return { service: 'trainer', url: endpoint(settings.urls.trainer, path) };
  }

  async function post<T>(
    name: string,
    body: string,
    options: { key: string; retry: RetryPolicy; timeout?: Call['timeout'] },
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const call: Call = {
      ...(await callTo(name, signal)),
      method: 'POST',
      body,
      headers: { 'x-idempotency-key': options.key },
      timeout: options.timeout ?? timeouts.admission,
      retry: options.retry,
    };
    return http.send(call, schema, signal);
  }

  async function read(name: string, signal: AbortSignal): Promise<Call> {
    const to = await callTo(name, signal);
    return { ...to, method: 'GET', timeout: timeouts.controlRead, retry: retries.controlPlane };
  }

  /** Resolves once accepted; the result is asked for when it is wanted, and kept once it is there. */
  async function submit<T>(
    name: string,
    body: string,
    retry: RetryPolicy,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<Pending<T>> {
    const accepted = await post(name, body, { key: contentKey(name, body), retry }, Accepted, signal);
    const requestId = accepted.request_id;
    let known: { readonly value: T } | undefined;
    return {
      requestId,
      async result(waiting) {
        known ??= {
          value: await futures.retrieve(
            {
              ...(await callTo('retrieve_future', waiting)),
              method: 'POST',
              body: bodies.retrieveBody(requestId),
              // No idempotency key: a remembered answer to an earlier poll would never change.
              timeout: timeouts.retrieve,
              retry: retries.retrieve,
            },
            schema,
            waiting,
          ),
        };
        return known.value;
      },
    };
  }

  async function sequenced<T>(
    name: string,
    call: { readonly modelId: string; readonly seq: number },
    body: string,
    schema: z.ZodType<T>,
    signal: AbortSignal,
    retry: RetryPolicy = retries.admission,
  ): Promise<Pending<T>> {
    return guard.admit(call.modelId, call.seq, async () => submit(name, body, retry, schema, signal));
  }

  return {
    async healthy(signal) {
      try {
        const call: Call = {
          ...(await callTo('healthz', signal)),
          method: 'GET',
          timeout: timeouts.healthz,
          retry: retries.none,
        };
        return await http.succeeds(call, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof BackendError) return false;
        throw error;
      }
    },

    async createSession(tags, signal) {
      const options = { key: randomKey(), retry: retries.creation };
      const session = await post('create_session', bodies.createSessionBody(tags), options, SessionCreated, signal);
      for (const note of session.notes)
        logger.warn({ trainerId, note: fromOutside(note, http.redact) }, 'the trainer says');
      return session.sessionId;
    },

    async heartbeat(sessionId, signal) {
      const options = { key: randomKey(), retry: retries.none, timeout: timeouts.heartbeat };
      await post('session_heartbeat', bodies.heartbeatBody(sessionId), options, Anything, signal);
    },

    async createModel(request, signal) {
      const body = bodies.createModelBody(request);
      const pending = await submit('create_model', body, retries.creation, ModelCreated, signal);
      return {
        requestId: pending.requestId,
        async result(waiting) {
          const { pushesWeights, ...created } = await pending.result(waiting);
          if (pushesWeights) throw byRdma('this trainer pushes weights');
          return created;
        },
      };
    },

    forward: async (call, signal) =>
      sequenced('forward', call, bodies.forwardBody(call), passReply({ kind: 'forward', ...call }), signal),

    forwardBackward: async (call, signal) =>
      sequenced(
        'forward_backward',
        call,
        bodies.forwardBackwardBody(call),
        passReply({ kind: 'backward', ...call }),
        signal,
      ),

    optimStep: async (call, signal) => sequenced('optim_step', call, bodies.optimStepBody(call), Metrics, signal),

    saveState: async (call, signal) =>
      sequenced('save_weights', call, bodies.saveStateBody(call), Path, signal, retries.saving),

    saveSnapshot: async (call, signal) =>
      sequenced('save_weights_for_sampler', call, bodies.saveSnapshotBody(call), Path, signal),

    loadState: async (call, signal) =>
      sequenced(
        'load_weights',
        call,
        bodies.loadStateBody(call),
        Path.or(z.unknown().transform(() => ({ path: call.path }))),
        signal,
      ),

    loadAdapter: async (call, signal) =>
      sequenced('load_adapter', call, bodies.loadAdapterBody(call), AdapterLoaded, signal),

    unload: async (modelId, signal) =>
      submit('unload_model', bodies.unloadBody(modelId), retries.creation, ModelUnloaded, signal),

    async info(modelId, signal) {
      const options = { key: randomKey(), retry: retries.controlPlane };
      return post('get_info', bodies.getInfoBody(modelId), options, ModelInfoReply, signal);
    },

    servedModels: async (signal) =>
      (await http.send(await read('get_server_capabilities', signal), ServerCapabilities, signal)).supported_models,

    checkpoints: async (signal) =>
      (await http.send(await read('list_checkpoints', signal), CheckpointNames, signal)).checkpoints,
  };
}

/**
 * Requests that carry their own number are the same request on whichever machine and after whichever crash: so is
 * their key.
 */
function contentKey(name: string, body: string): string {
  return `pawl-${createHash('sha256').update(`${name}\n${body}`).digest('hex').slice(0, 32)}`;
}

/** For requests that mean something new each time, however equal their bodies. */
function randomKey(): string {
  return `pawl-${randomUUID()}`;
}
