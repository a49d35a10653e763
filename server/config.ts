/** What the program is told on its command line; its environment is that of every client. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { UserError } from '../client/errors.ts';

const Options = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.coerce.number().int().min(0).max(65_535).default(7470),
  name: z.array(z.string().min(1)).default([]),
  'require-token': z.boolean().default(false),
});

export type ServerConfig = z.output<typeof Options>;

const HELP = `Usage: node lib/server/main.js [--host ADDRESS] [--port PORT] [--name NAME]... [--require-token]
`;

export function readServerConfig(args: readonly string[]): ServerConfig {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        host: { type: 'string' },
        port: { type: 'string' },
        name: { type: 'string', multiple: true },
        'require-token': { type: 'boolean' },
      },
    });
    return Options.parse({ ...values });
  } catch (cause) {
    throw new UserError(`These options cannot be read: ${args.join(' ')}.`, HELP, { cause });
  }
}
