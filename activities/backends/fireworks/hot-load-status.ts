/** What a deployment's replicas say of their weights, and what follows for one identity. Pure. */
import { z } from 'zod';
import type { ReplicaStatus, Snapshot } from '../../ports.ts';
import { byRdma } from './rdma.ts';

const text = z.string().nullish();

const Replica = z.object({
  current_snapshot_identity: text,
  readiness: z.boolean().nullish(),
  loading_state: z.object({ stage: text, target_snapshot_identity: text }).nullish(),
  loaded_adapters: z.array(z.object({ identity: text, status: text })).nullish(),
  rdma_weight_sync_enabled: z.unknown().optional(),
});

/** The list itself is required: an answer without it is not a status. */
export const HotLoadStatus = z.object({
  replicas: z.array(Replica).transform((replicas) => replicas.map(replicaStatus)),
});

/** Their status; or an error, where their weights come by another way than is asked here. */
export function replicasOf({ replicas }: z.output<typeof HotLoadStatus>): readonly ReplicaStatus[] {
  if (replicas.some(({ pushed }) => pushed)) throw byRdma('this deployment takes weights');
  return replicas.map(({ status }) => status);
}

function replicaStatus(row: z.output<typeof Replica>): { readonly status: ReplicaStatus; readonly pushed: boolean } {
  const identity = row.current_snapshot_identity || undefined;
  const adapters = (row.loaded_adapters ?? []).filter((adapter) => adapter.status === 'loaded');
  const loaded = [identity, ...adapters.map((adapter) => adapter.identity)].filter(
    (name): name is string => typeof name === 'string' && name !== '',
  );
  const stage = row.loading_state?.stage;
  const targetIdentity = row.loading_state?.target_snapshot_identity;
  const status = {
    ready: row.readiness === true,
    loaded: [...new Set(loaded)],
    ...(identity === undefined ? {} : { identity }),
    ...(stage ? { stage } : {}),
    ...(targetIdentity ? { targetIdentity } : {}),
  };
  return { status, pushed: row.rdma_weight_sync_enabled === true };
}

function isCurrent(replica: ReplicaStatus, identity: string): boolean {
  return replica.ready && replica.loaded.includes(identity);
}

/** Every replica that was asked for is there, and every one that is there serves the identity. */
export function allCurrent(replicas: readonly ReplicaStatus[], identity: string, expected: number): boolean {
  return replicas.length >= Math.max(1, expected) && replicas.every((replica) => isCurrent(replica, identity));
}

/** Failed on this very identity; an error that speaks of another one is left over from before. */
export function failedOn(replica: ReplicaStatus, identity: string): boolean {
  return replica.stage === 'error' && replica.targetIdentity === identity && !isCurrent(replica, identity);
}

/**
 * Ready, serving something else, and about to load nothing: a replica that was replaced after the load was accepted will
 * not hear of it again.
 */
export function knowsNothingOf(replica: ReplicaStatus, identity: string): boolean {
  const settled = replica.stage === undefined || ['idle', 'ready', 'done'].includes(replica.stage);
  return replica.ready && settled && replica.targetIdentity !== identity && !isCurrent(replica, identity);
}

/** Whether the load may be asked for again: a base fits whatever is there, a delta what it was made from. */
export function canTake(replicas: readonly ReplicaStatus[], { identity, previousIdentity }: Snapshot): boolean {
  if (previousIdentity === undefined) return true;
  return replicas.every(({ loaded }) => loaded.includes(identity) || loaded.includes(previousIdentity));
}

/** `2 of 3 replicas: [0] step-3 idle, ready; …` */
export function describeReplicas(replicas: readonly ReplicaStatus[], expected: number): string {
  const each = replicas.map((replica, index) => {
    const serves = replica.loaded.length === 0 ? 'no snapshot' : replica.loaded.join(' and ');
    const target = replica.targetIdentity === undefined ? '' : ` of ${replica.targetIdentity}`;
    return `[${index}] serves ${serves}, stage ${replica.stage ?? 'none'}${target}, ${replica.ready ? 'ready' : 'not ready'}`;
  });
  return [`${replicas.length} of ${expected} replicas`, ...each].join('; ');
}
