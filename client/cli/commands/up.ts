/** `pawl up`: Temporal, the sandbox and workers in the foreground, until Ctrl-C. */
import { Option, type Command } from '@commander-js/extra-typings';
import { startStack, type StackInfo } from '../../local/stack.ts';
import type { Output } from '../output.ts';
import { act, type Context } from './command.ts';
import { port, positiveInteger } from './arguments.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const HELP = `
Runs survive it: what was running when the stack stopped goes on when it is started again on the same home.

Examples:
  pawl up                                  everything on this machine, with the sandbox as the platform
  pawl up --workers 2                      two workers share the runs
  FIREWORKS_API_KEY=… pawl up --platform fireworks
`;

interface UpOptions {
  readonly platform: 'sandbox' | 'fireworks';
  readonly workers: number;
  readonly temporalBin?: string;
  readonly temporalPort?: number;
  readonly temporalUiPort?: number;
  readonly sandboxPort?: number;
  readonly apiPort?: number;
  readonly api: boolean;
  readonly offline?: true;
  readonly leaveRented?: true;
}

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('start Temporal, the platform’s sandbox and a worker here; Ctrl-C stops them all')
    .addOption(
      new Option('--platform <name>', 'where runs train')
        .choices(['sandbox', 'fireworks'] as const)
        .default('sandbox' as const),
    )
    .option('--workers <count>', 'worker processes', positiveInteger, 1)
    .option('--temporal-bin <path>', 'Temporal CLI to use, before any that is found')
    .option('--temporal-port <port>', 'default: 7233, or any free one', port)
    .option('--temporal-ui-port <port>', 'default: 8233, or any free one', port)
    .option('--sandbox-port <port>', 'default: 7480, or any free one', port)
    .option('--api-port <port>', 'of the HTTP API; default: 7470, or any free one', port)
    .option('--no-api', 'without the HTTP API')
    .option('--offline', 'never download a Temporal server')
    .option('--leave-rented', 'start although machines of this home are rented at another platform')
    .addHelpText('after', HELP)
    .action(act((context, options) => up(context, options)));
}

async function up({ config, output }: Context, { api, apiPort, ...options }: UpOptions): Promise<ExitCode> {
  const asked = api ? { api: apiPort === undefined ? {} : { port: apiPort } } : {};
  const stack = await startStack({ config, ...options, ...asked, onProgress: (message) => output.note(message) });
  const stopping = firstSignal();
  describe(stack.info(), config.home, output);
  await stopping;
  output.note('Stopping; Ctrl-C again does not wait.');
  process.once('SIGINT', () => process.exit(EXIT.interrupted));
  await stack.stop();
  return EXIT.ok;
}

function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => resolve());
  });
}

function describe(info: StackInfo, home: string, output: Output): void {
  const { strong, dim } = output.colours;
  const platform = info.sandboxUrl === undefined ? 'Fireworks' : `the sandbox at ${info.sandboxUrl}`;
  const lines = [
    strong('pawl is up; Ctrl-C stops everything'),
    `  Temporal   ${info.temporalAddress ?? ''}, namespace ${info.temporalNamespace}`,
    ...(info.temporalUiUrl === undefined ? [] : [`  Web UI     ${info.temporalUiUrl}`]),
    `  Platform   ${platform}`,
    `  Workers    task queue ${info.taskQueue}`,
    ...(info.apiUrl === undefined ? [] : [`  HTTP API   ${info.apiUrl}, described at ${info.apiUrl}/docs`]),
    `  Home       ${home}: store, artifacts, and logs in logs/`,
    dim('  next: pawl run FILE, in another terminal'),
  ];
  output.print(lines.join('\n'));
}
