/** Requests that one of the two clients sends and the other does not, each with the reason why that is right. */

/** The SDK of today, or the oldest that the vendor supports. */
export type Sdk = 'newest' | 'oldest';

export interface Allowance {
  readonly by: 'sdk' | 'pawl';
  readonly signature: RegExp;
  readonly why: string;
  /** It depends on how long a run took: an allowance that no run has to need. */
  readonly bySpeed?: true;
  /** Beside this SDK only. */
  readonly beside?: Sdk;
}

const TRAINER = /\/training\/v1\/rlorTrainerJobs\/[^/]+\/[^/]+\/api\/v1/.source;

/** An allowance that nothing needs any more is itself a failure. */
export const ALLOWED: readonly Allowance[] = [
  {
    by: 'sdk',
    signature: new RegExp(`^POST ${TRAINER}/telemetry `),
    why: 'usage events for the vendor: optional, and nothing of ours to tell',
    beside: 'newest',
  },
  {
    by: 'sdk',
    signature: /conformance-managed/,
    why: 'the SDK rents trainer and deployment by one object; here a workflow does that, with the same single calls',
  },
  {
    by: 'sdk',
    signature: /^PATCH \/v1\/accounts\/[^/]+\/deployments\/[^/?]+ \{maxReplicaCount, minReplicaCount\}$/,
    why: 'without a mask the platform resets every other field of the deployment: ours is the next line',
  },
  {
    by: 'pawl',
    signature: /^PATCH \/v1\/accounts\/[^/]+\/deployments\/[^/?]+\?updateMask \{maxReplicaCount, minReplicaCount\}$/,
    why: 'names the fields that it changes',
  },
  {
    by: 'sdk',
    signature: /\/checkpoints\?pageSize&pageToken$/,
    why: 'its page size is chosen small here, to see a second page; ours is fixed at the most that the platform gives',
  },
  {
    by: 'pawl',
    signature: new RegExp(`^POST ${TRAINER}/unload_model `),
    why: 'the oldest SDK has no call for it',
    beside: 'oldest',
  },
  ...(['sdk', 'pawl'] as const).map((by) => ({
    by,
    signature: new RegExp(`^POST ${TRAINER}/session_heartbeat `),
    why: 'every ten seconds: only sessions that live that long send one',
    bySpeed: true as const,
  })),
];
