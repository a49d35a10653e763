/** How `npm run chaos` is called. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { VARIANT_NAMES } from './variants.ts';

export const HELP = `Runs one experiment twice in the sandbox, once undisturbed and once under seeded faults, and compares what is left.

  npm run chaos -- --seed 1 --kills 20

  --seed N           which faults, and when                             (default 1)
  --kills N          how many                                           (default 20)
  --kind KIND        only faults of this kind; may be repeated
  --at ENDPOINT      faults strike only at such requests, e.g. optim_step; may be repeated
  --replay none      the platform does not recognise a repeated request: fence and rewind
  --variant NAME     how the platform speaks: ${VARIANT_NAMES.join(', ')}
  --experiment FILE  instead of a small one with the sandbox's smallest model
  --set PATH=VALUE   changes one field of the experiment; may be repeated
  --sandbox FLAG     hands a flag to the sandbox, e.g. --sandbox=--step-ms=20; may be repeated
  --minutes N        gives up after this long                           (default 3 + a third of a minute for each fault)
  --keep             leaves the folder with logs and databases behind
  --output json      one line of JSON instead of tables
  --quiet            nothing about each fault as it happens
  --help             print this

Exit code 0: no difference, nothing rented, no process left. 1: a difference. 2: it could not be found out.
`;

const wholeNumber = z.coerce.number().int().min(0);

const Flags = z.object({
  seed: wholeNumber.max(2_147_483_647).default(1),
  kills: wholeNumber.max(10_000).default(20),
  kind: z.array(z.string()).default([]),
  at: z.array(z.string()).default([]),
  replay: z.enum(['sequence', 'none']).default('sequence'),
  variant: z.enum(VARIANT_NAMES).default('default'),
  experiment: z.string().optional(),
  set: z.array(z.string()).default([]),
  sandbox: z.array(z.string()).default([]),
  minutes: z.coerce.number().positive().optional(),
  keep: z.boolean().default(false),
  output: z.enum(['text', 'json']).default('text'),
  quiet: z.boolean().default(false),
});
export type Options = z.output<typeof Flags> & { readonly minutes: number };

/** The options, 'help' if that was asked for, or an error whose message names every bad flag. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const text = { type: 'string' } as const;
  const many = { type: 'string', multiple: true } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seed: text,
      kills: text,
      kind: many,
      at: many,
      replay: text,
      variant: text,
      experiment: text,
      set: many,
      sandbox: many,
      minutes: text,
      keep: flag,
      output: text,
      quiet: flag,
      help: { type: 'boolean', short: 'h' },
    },
  });
  const { help, ...flags } = values;
  if (help === true) return 'help';
  const parsed = Flags.safeParse(flags);
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`).join('; '));
  }
  return { ...parsed.data, minutes: parsed.data.minutes ?? 3 + parsed.data.kills / 3 };
}
