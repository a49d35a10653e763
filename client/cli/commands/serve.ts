/** `pawl serve`: the HTTP API by itself, beside workers that were started otherwise. */
import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { apiFor } from '../../local/api-process.ts';
import { act, type Context } from './command.ts';
import { collect } from '../../../files/experiment/settings.ts';
import { port } from './arguments.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const HELP = `
On 127.0.0.1 everybody who can reach it, which is every account of this machine, may do everything; --require-token asks
for a token there too. On any other address a token is asked for always, and there must be one: pawl token add. Traffic is
not encrypted: put a proxy that speaks TLS before it, and tell the name that it is asked by.

Examples:
  pawl serve                                           on 127.0.0.1:7470, for this machine
  pawl serve --host 10.0.0.5 --name pawl.example.org   behind a proxy, with tokens
`;

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly name?: string[];
  readonly requireToken?: true;
}

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('answer the HTTP API in the foreground; Ctrl-C stops it')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on', port, 7470)
    .option('--name <host>', 'a name that it is asked by, may be repeated', collect)
    .option('--require-token', 'ask for a token on 127.0.0.1 too')
    .addHelpText('after', HELP)
    .action(act((context, options) => serve(context, options)));
}

async function serve({ config, output }: Context, options: ServeOptions): Promise<ExitCode> {
  const { host, name: names = [], requireToken = false } = options;
  const logFile = join(config.home, 'logs', 'server.log');
  const stopping = firstSignal();
  const kept = await apiFor(config, { host, port: options.port, names, requireToken, logFile }, ({ kind, detail }) =>
    output.note(`server ${kind}: ${detail}`),
  );
  output.print(`${kept.value().url}: the API, described at /docs and /openapi.json; log in ${logFile}`);
  await stopping;
  await kept.stop();
  return EXIT.ok;
}

function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => resolve());
  });
}
