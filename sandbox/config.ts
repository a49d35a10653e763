/** How the sandbox is started: flags, and one secret from the environment. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

export const HELP = `The pawl sandbox: a local stand-in for a remote training platform, with a real, tiny model.

  node lib/sandbox/main.js [options]

  --port N            port to listen on; 0 takes a free one          (default 7480)
  --host ADDRESS      address to listen on                           (default 127.0.0.1)
  --state DIR         where jobs, deployments and checkpoints are kept (default .pawl/sandbox)
  --seed TEXT         seed of the base models' weights               (default pawl)
  --startup-ms N      how long a trainer or replica takes to start   (default 300)
  --load-ms N         how long a replica takes to load a snapshot    (default 50)
  --hold-ms N         how long a poll of an unfinished request is held (default 20000)
  --account ID        the one account there is                       (default sandbox)
  --exit-with-parent  stop when standard input is closed
  --log-level LEVEL   fatal, error, warn, info, debug, trace, silent (default info)
                      debug tells of every request
  --help              print this

Environment:
  SANDBOX_API_KEY     the only key that is let in; without it, any key is

Once it listens, it prints one line of JSON to standard output: {"url":"http://127.0.0.1:7480","pid":1234}
Logs go to standard error. SIGTERM and SIGINT stop it and everything it started.

Example:
  node lib/sandbox/main.js --port 0 --state /tmp/sandbox
`;

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
  account: z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/, 'must be lower-case letters, digits and hyphens')
    .default('sandbox'),
  'exit-with-parent': z.boolean().default(false),
  'log-level': z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});
export type Config = z.output<typeof Config> & { readonly apiKey?: string };

/** The configuration, 'help' if that was asked for, or an error whose message names every bad flag. */
export function readConfig(argv: readonly string[]): Config | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: text,
      host: text,
      state: text,
      seed: text,
      'startup-ms': text,
      'load-ms': text,
      'hold-ms': text,
      account: text,
      'exit-with-parent': { type: 'boolean' },
      'log-level': text,
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
  return apiKey === undefined || apiKey === '' ? result.data : { ...result.data, apiKey };
}
