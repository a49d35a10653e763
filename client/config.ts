/** The client's environment, read once through a schema: the only place in client/ that looks at `process.env`. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { DEFAULT_TASK_QUEUE } from '../domain/words/names.ts';
import { UserError } from './errors.ts';

export const DEFAULT_NAMESPACE = 'default';

/** What a person may set, with its defaults. Documented in `docs/deploy.md`. */
const Variables = z.object({
  PAWL_HOME: z.string().optional(),
  PAWL_CACHE: z.string().optional(),
  PAWL_TASK_QUEUE: z.string().default(DEFAULT_TASK_QUEUE),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^(\[[0-9a-f:]+\]|[^\s:/]+):\d{1,5}$/i, 'must be host:port, for example 127.0.0.1:7233')
    .optional(),
  TEMPORAL_NAMESPACE: z.string().default(DEFAULT_NAMESPACE),
  TEMPORAL_CLI_PATH: z.string().optional(),
  FIREWORKS_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be the key alone, without spaces or line breaks')
    .optional(),
  FIREWORKS_BASE_URL: z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).optional(),
  NO_COLOR: z.string().optional(),
  PAWL_DEBUG: z.string().optional(),
  XDG_CACHE_HOME: z.string().optional(),
  LOCALAPPDATA: z.string().optional(),
  PATH: z.string().default(''),
});

export interface ClientConfig {
  /** Everything pawl keeps: store, artifacts, Temporal's database, logs. Absolute. */
  readonly home: string;
  /** What can be fetched again: the Temporal binary. Absolute. */
  readonly cache: string;
  readonly taskQueue: string;
  /** Only if the user named a server. */
  readonly temporalAddress?: string;
  readonly temporalNamespace: string;
  readonly temporalBinary?: string;
  readonly fireworksApiKey?: string;
  readonly fireworksBaseUrl?: string;
  readonly color: boolean;
  /** Errors with their stack traces. */
  readonly debug: boolean;
  /** Folders searched for programs. */
  readonly path: string;
  /** What child processes inherit: the whole environment but the platform's variables. */
  readonly inherited: Readonly<Record<string, string>>;
  /** The platform's variables, key included: for a worker that speaks to the real platform, and nobody else. */
  readonly platform: Readonly<Record<string, string>>;
}

/** Reads the environment once; a failure names every bad variable. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): ClientConfig {
  const set = definedVariables(environment);
  const parsed = Variables.safeParse(set);
  if (!parsed.success) {
    const names = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    throw new UserError(`Bad environment: ${names.join('; ')}.`, 'Correct or unset it.');
  }
  const variables = parsed.data;
  const [platform, inherited] = partition(set, (name) => name.startsWith('FIREWORKS_'));
  return {
    home: resolve(variables.PAWL_HOME ?? join(homedir(), '.pawl')),
    cache: resolve(variables.PAWL_CACHE ?? defaultCache(variables.XDG_CACHE_HOME, variables.LOCALAPPDATA)),
    taskQueue: variables.PAWL_TASK_QUEUE,
    ...(variables.TEMPORAL_ADDRESS !== undefined && { temporalAddress: variables.TEMPORAL_ADDRESS }),
    temporalNamespace: variables.TEMPORAL_NAMESPACE,
    ...(variables.TEMPORAL_CLI_PATH !== undefined && { temporalBinary: variables.TEMPORAL_CLI_PATH }),
    ...(variables.FIREWORKS_API_KEY !== undefined && { fireworksApiKey: variables.FIREWORKS_API_KEY }),
    ...(variables.FIREWORKS_BASE_URL !== undefined && { fireworksBaseUrl: variables.FIREWORKS_BASE_URL }),
    color: variables.NO_COLOR === undefined,
    debug: variables.PAWL_DEBUG !== undefined,
    path: variables.PATH,
    inherited,
    platform,
  };
}

function partition(
  variables: Readonly<Record<string, string>>,
  matches: (name: string) => boolean,
): [Record<string, string>, Record<string, string>] {
  const entries = Object.entries(variables);
  const select = (wanted: boolean) => Object.fromEntries(entries.filter(([name]) => matches(name) === wanted));
  return [select(true), select(false)];
}

/** Compose files and CI hand on unset variables as empty strings: empty is unset. */
function definedVariables(environment: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(environment);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => (entry[1] ?? '') !== ''));
}

function defaultCache(xdgCacheHome: string | undefined, localAppData: string | undefined): string {
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'pawl');
  if (process.platform === 'win32') return join(localAppData ?? join(homedir(), 'AppData', 'Local'), 'pawl', 'Cache');
  return join(xdgCacheHome ?? join(homedir(), '.cache'), 'pawl');
}
