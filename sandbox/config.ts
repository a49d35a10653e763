/** How the sandbox is started: flags, and one secret from the environment. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { Dialect } from './dialect.ts';
import { FaultPlan } from './faults/plan.ts';

export const HELP = `The pawl sandbox: a local stand-in for a remote training platform, with a real, tiny model.

  node lib/sandbox/main.js [options]

  --port N            port to listen on; 0 takes a free one          (default 7480)
  --host ADDRESS      address to listen on                           (default 127.0.0.1)
  --state DIR         where jobs, deployments and checkpoints are kept (default .pawl/sandbox)
  --seed TEXT         seed of the base models' weights               (default pawl)
  --startup-ms N      how long a trainer or replica takes to start   (default 300)
  --load-ms N         how long a replica takes to load a snapshot    (default 50)
  --hold-ms N         how long a poll of an unfinished request is held (default 20000)
  --session-seconds N how long a session lives without a heartbeat   (default 300)
  --promote-ms N      how long an asynchronous promotion takes       (default 0)
  --account ID        the one account there is                       (default sandbox)
  --exit-with-parent  stop when standard input is closed
  --log-level LEVEL   fatal, error, warn, info, debug, trace, silent (default info)
                      debug tells of every request
  --help              print this

Limits (none by default):
  --max-trainers N    trainers that may be rented at a time; more are refused with 429
  --max-deployments N the same for deployments
  --capacity N        trainers that there is room for; more wait in JOB_STATE_PENDING
  --rate-limit N      requests per second; more are refused with 429 and Retry-After

How it speaks, where the real platform may do so in several ways (lenient and talkative by default):
  --strict-names      a checkpoint's name is taken once; by default what is saved again replaces it
  --strict-inputs     inputs that a loss does not know are refused, missing ones too, and weights must be float32
  --backward-logprobs HOW  on; off: a backward pass tells its loss and no outputs; empty: outputs without log-probabilities
  --forward-metrics HOW    on; off: a forward pass tells no metrics, not even its loss
  --rename-states     a resumable state is kept under another name than was asked for
  --empty-step HOW    an update without a gradient: refuse (default), or apply

For tests of clients:
  --fault-plan FILE   JSON: {"seed": "…", "rules": [{"match": {…}, "effect": {"kind": "…"}, "times": 1}]}
                      match: method, path (a regular expression), operation (optim_step, hot_load, completions, …),
                      job, deployment, nth, probability
                      effect kinds: latency {ms}, status {status, retryAfterSeconds}, reset {when: before|after},
                      try_again, preempt {when}, restart_replica {replica}, stuck_load {ms}, failed_load,
                      stale_replica, torn_stream {afterEvents}, pending {ms}, expire_sessions, expire_trainer
                      times: how often it happens; 0 is always
  --allow-faults      open POST, GET and DELETE /sandbox/v1/faults (a plan opens them, too)
  --replay HOW        deduplicate: a request repeated under its number is answered as before (default);
                      none: it is executed again, and numbers are not checked
  --gap-seconds N     how long a request waits for a number before its own that never arrived (default 120)
  --step-ms N         how long an optimizer step takes, at least     (default 0)
  --pass-ms N         how long a request for a pass (forward, forward and backward) takes, at least (default 0)
  --compute HOW       real, or none: a model that knows nothing and learns nothing, at no cost (default real)

Environment:
  SANDBOX_API_KEY     the only key that is let in; without it, any key is

Once it listens, it prints one line of JSON to standard output: {"url":"http://127.0.0.1:7480","pid":1234}
Logs go to standard error. SIGTERM and SIGINT stop it and everything it started.

Example:
  node lib/sandbox/main.js --port 0 --state /tmp/sandbox
`;

const onOff = z.enum(['on', 'off']).default('on');
const wholeNumber = (most: number): z.ZodType<number> => z.coerce.number().int().min(0).max(most);

const Config = z.object({
  port: wholeNumber(65_535).default(7480),
  host: z.string().min(1).default('127.0.0.1'),
  state: z
    .string()
    .min(1)
    .default('.pawl/sandbox')
    .transform((path) => resolve(path)),
  seed: z.string().min(1).default('pawl'),
  'startup-ms': wholeNumber(3_600_000).default(300),
  'load-ms': wholeNumber(3_600_000).default(50),
  'hold-ms': wholeNumber(60_000).default(20_000),
  'session-seconds': z.coerce.number().positive().max(86_400).default(300),
  'promote-ms': wholeNumber(3_600_000).default(0),
  'max-trainers': wholeNumber(10_000).optional(),
  'max-deployments': wholeNumber(10_000).optional(),
  capacity: z.coerce.number().int().min(1).max(10_000).optional(),
  'rate-limit': z.coerce.number().positive().max(1_000_000).optional(),
  'fault-plan': z.string().min(1).optional(),
  'allow-faults': z.boolean().default(false),
  replay: z.enum(['deduplicate', 'none']).default('deduplicate'),
  'strict-names': z.boolean().default(false),
  'strict-inputs': z.boolean().default(false),
  'backward-logprobs': z.enum(['on', 'off', 'empty']).default('on'),
  'forward-metrics': onOff,
  'rename-states': z.boolean().default(false),
  'empty-step': z.enum(['refuse', 'apply']).default('refuse'),
  'gap-seconds': z.coerce.number().positive().max(86_400).default(120),
  'step-ms': wholeNumber(600_000).default(0),
  'pass-ms': wholeNumber(600_000).default(0),
  compute: z.enum(['real', 'none']).default('real'),
  account: z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/, 'must be lower-case letters, digits and hyphens')
    .default('sandbox'),
  'exit-with-parent': z.boolean().default(false),
  'log-level': z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});
export type Config = z.output<typeof Config> & { readonly apiKey?: string; readonly faultPlan?: FaultPlan };

/** Flags that take no value. */
const SWITCHES = ['exit-with-parent', 'allow-faults', 'strict-names', 'strict-inputs', 'rename-states'] as const;

export function dialectOf(config: Config): Dialect {
  return {
    strictNames: config['strict-names'],
    strictInputs: config['strict-inputs'],
    backwardLogprobs: config['backward-logprobs'],
    forwardMetrics: config['forward-metrics'] === 'on',
    renameStates: config['rename-states'],
    emptyStep: config['empty-step'],
  };
}

/** The configuration, 'help' if that was asked for, or an error whose message names every bad flag. */
export function readConfig(argv: readonly string[]): Config | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...Object.fromEntries(Object.keys(Config.shape).map((flag) => [flag, text])),
      ...Object.fromEntries(SWITCHES.map((flag) => [flag, { type: 'boolean' as const }])),
      help: { type: 'boolean', short: 'h' },
    },
  });
  const { help, ...flags } = values;
  if (help === true) return 'help';
  const result = Config.safeParse(flags);
  if (!result.success) {
    throw new Error(result.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`).join('; '));
  }
  const apiKey = process.env['SANDBOX_API_KEY'];
  const plan = result.data['fault-plan'];
  return {
    ...result.data,
    ...(apiKey !== undefined && apiKey !== '' && { apiKey }),
    ...(plan !== undefined && { faultPlan: readPlan(plan) }),
  };
}

function readPlan(path: string): FaultPlan {
  try {
    return FaultPlan.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new Error(`--fault-plan: ${path} is not a fault plan: ${why}`, { cause: error });
  }
}
