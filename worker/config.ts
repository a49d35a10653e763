/** The worker's environment, read once through a schema: the only place in worker/ that looks at `process.env`. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { DEFAULT_TASK_QUEUE } from '../domain/words/names.ts';

/** Text or number: a default is a number. Longer than the most is a slip of the finger, and no server takes it. */
function seconds(most: number): z.ZodType<number> {
  const error = `must be a whole number of seconds from 1 to ${most}`;
  return z.coerce.number({ error }).int({ error }).min(1, { error }).max(most, { error });
}

const WEEK_SECONDS = 604_800;

const url = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' });

/** Every variable a worker knows. Documented in `docs/deploy.md`. */
const Variables = z.object({
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  PAWL_TASK_QUEUE: z.string().default(DEFAULT_TASK_QUEUE),
  PAWL_HOME: z.string().optional(),
  PAWL_RECONCILE_SECONDS: seconds(WEEK_SECONDS).default(300),
  PAWL_LEASE_GRACE_SECONDS: seconds(WEEK_SECONDS).default(900),
  PAWL_START_SECONDS: seconds(3600).default(60),
  PAWL_LIVENESS_FILE: z.string().optional(),
  PAWL_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  PAWL_NOTIFY_COMMANDS: z.enum(['allow', 'refuse']).default('refuse'),
  PAWL_PYTHON: z.string().default('python3'),
  PAWL_UV: z.string().default('uv'),
  PAWL_TRAINER_REPLAY: z.enum(['sequence', 'none']).default('sequence'),
  FIREWORKS_API_KEY: z.string({
    error: 'is missing: set it to a key that is allowed to train (any value does for the sandbox)',
  }),
  FIREWORKS_ACCOUNT_ID: z.string().optional(),
  FIREWORKS_BASE_URL: url.default('https://api.fireworks.ai'),
  FIREWORKS_TRAINER_GATEWAY_URL: url.optional(),
  FIREWORKS_HOT_LOAD_URL: url.optional(),
  FIREWORKS_INFERENCE_URL: url.optional(),
});

export interface WorkerConfig {
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  /** Its name; what is polled is the queue of this name, the store and the place. */
  readonly queueName: string;
  /** Store and artifacts live here; every worker of a task queue shares them. */
  readonly home: string;
  /** Time between two reconciliations. */
  readonly reconcileEveryMs: number;
  /** How long the leases of a run that is over are left alone. */
  readonly leaseGraceMs: number;
  /** How long what is needed to poll is waited for. */
  readonly startLimitMs: number;
  /** Touched while the event loop moves, for who keeps the process. */
  readonly livenessFile?: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Variables that begin with PAWL_GRADER_: the only ones that an experiment may name. */
  readonly graderSecrets: ReadonlyMap<string, string>;
  /** Variables that begin with PAWL_NOTIFY_: the only ones that a channel may name. */
  readonly notifySecrets: ReadonlyMap<string, string>;
  /** Whether a channel may run a program. */
  readonly notifyCommands: boolean;
  /** What runs users' Python: names or paths. */
  readonly userCode: { readonly interpreter: string; readonly uv: string; readonly environments: string };
  readonly fireworks: {
    readonly apiKey: string;
    /** Whether the trainer recognises a repeated request by its sequence number; `none`: a lost answer means a rewind. */
    readonly replay: 'sequence' | 'none';
    /** Only where the key sees several accounts. */
    readonly account?: string;
    readonly baseUrl: string;
    readonly trainerGatewayUrl?: string;
    readonly hotLoadUrl?: string;
    readonly inferenceUrl?: string;
  };
}

/** A failure names every bad variable, never a value. */
export class BadEnvironment extends Error {
  override readonly name = 'BadEnvironment';
}

export function readConfig(environment: NodeJS.ProcessEnv = process.env): WorkerConfig {
  // Compose files hand on unset variables as empty strings: empty is unset.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = Variables.safeParse(set);
  if (!parsed.success) {
    throw new BadEnvironment(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; '));
  }
  const variables = parsed.data;
  const home = resolve(variables.PAWL_HOME ?? join(homedir(), '.pawl'));
  return {
    temporalAddress: variables.TEMPORAL_ADDRESS,
    temporalNamespace: variables.TEMPORAL_NAMESPACE,
    queueName: variables.PAWL_TASK_QUEUE,
    home,
    reconcileEveryMs: variables.PAWL_RECONCILE_SECONDS * 1000,
    leaseGraceMs: variables.PAWL_LEASE_GRACE_SECONDS * 1000,
    startLimitMs: variables.PAWL_START_SECONDS * 1000,
    ...(variables.PAWL_LIVENESS_FILE !== undefined && { livenessFile: variables.PAWL_LIVENESS_FILE }),
    logLevel: variables.PAWL_LOG_LEVEL,
    graderSecrets: variablesOf(set, 'PAWL_GRADER_'),
    notifySecrets: variablesOf(set, 'PAWL_NOTIFY_'),
    notifyCommands: variables.PAWL_NOTIFY_COMMANDS === 'allow',
    userCode: { interpreter: variables.PAWL_PYTHON, uv: variables.PAWL_UV, environments: join(home, 'python') },
    fireworks: {
      apiKey: variables.FIREWORKS_API_KEY,
      replay: variables.PAWL_TRAINER_REPLAY,
      baseUrl: variables.FIREWORKS_BASE_URL,
      ...(variables.FIREWORKS_ACCOUNT_ID && { account: variables.FIREWORKS_ACCOUNT_ID }),
      ...(variables.FIREWORKS_TRAINER_GATEWAY_URL && { trainerGatewayUrl: variables.FIREWORKS_TRAINER_GATEWAY_URL }),
      ...(variables.FIREWORKS_HOT_LOAD_URL && { hotLoadUrl: variables.FIREWORKS_HOT_LOAD_URL }),
      ...(variables.FIREWORKS_INFERENCE_URL && { inferenceUrl: variables.FIREWORKS_INFERENCE_URL }),
    },
  };
}

function variablesOf(set: Readonly<Record<string, string | undefined>>, begin: string): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(set).flatMap(([name, value]) =>
      name.startsWith(begin) && value !== undefined ? [[name, value] as const] : [],
    ),
  );
}

/** Of what only looks: where no key is set, no platform is asked. */
export function readLookConfig(environment: NodeJS.ProcessEnv = process.env): { config: WorkerConfig; asks: boolean } {
  const asks = (environment['FIREWORKS_API_KEY'] ?? '') !== '';
  return { config: readConfig(asks ? environment : { ...environment, FIREWORKS_API_KEY: 'none' }), asks };
}
