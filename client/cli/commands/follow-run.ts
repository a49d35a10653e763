/** Shows a run from now to its end, and what a Ctrl-C means meanwhile. */
import type { Output } from '../output.ts';
import { JsonScreen } from '../render/json-screen.ts';
import { LiveScreen } from '../render/live-screen.ts';
import { PlainScreen } from '../render/plain-screen.ts';
import { runReport } from '../render/run-report.ts';
import type { RunScreen } from '../render/run-screen.ts';
import type { RunDetails } from '../../runs/run-view.ts';
import type { Runs } from '../../runs/runs.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export type Format = 'table' | 'json';

export interface Following {
  readonly runs: Runs;
  readonly runId: string;
  readonly screen: RunScreen;
  /** Stops following. */
  readonly leave: () => void;
}

export interface FollowRunOptions {
  readonly runs: Runs;
  readonly runId: string;
  readonly output: Output;
  readonly screen: RunScreen;
  readonly format: Format;
  /** Called for each Ctrl-C. */
  readonly onInterrupt: (following: Following) => void;
}

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The exit code says how the run ended, or that it was left to itself. */
export async function followRun(options: FollowRunOptions): Promise<ExitCode> {
  const { runs, runId, output, screen, format } = options;
  const leaving = new AbortController();
  let wasInterrupted = false;
  const interrupt = (): void => {
    wasInterrupted = true;
    options.onInterrupt({ runs, runId, screen, leave: () => leaving.abort() });
  };
  for (const name of INTERRUPTS) process.on(name, interrupt);
  try {
    for await (const change of runs.follow(runId, { signal: leaving.signal })) screen.show(change);
    screen.close();
    if (leaving.signal.aborted) return EXIT.interrupted;
    const details = await runs.show(runId);
    report(details, output, format);
    if (details.outcome === 'finished') return EXIT.ok;
    return wasInterrupted ? EXIT.interrupted : EXIT.failed;
  } finally {
    screen.close();
    for (const name of INTERRUPTS) process.off(name, interrupt);
  }
}

function report(details: RunDetails, output: Output, format: Format): void {
  if (format === 'table') {
    output.print(`\n${runReport(details, output.colours, output.columns)}`);
    return;
  }
  const { runId, outcome, reason, checkpoints, events } = details;
  output.printJson({ event: 'result', runId, outcome, reason, checkpoints, events }, { line: true });
}

/** A terminal gets a live block, a log lines, a program JSON lines. */
export function openScreen(output: Output, format: Format): RunScreen {
  if (format === 'json') return new JsonScreen((value) => output.printJson(value, { line: true }));
  if (output.terminal !== undefined) return new LiveScreen(output.terminal, output.colours);
  return new PlainScreen({ print: (line) => output.print(line), now: () => new Date(), colours: output.colours });
}

/** A run of a service goes on without its watchers. */
export function leaveRun({ runId, screen, leave }: Following): void {
  screen.note(`no longer following; the run goes on: pawl show ${runId} --follow, pawl stop ${runId}`);
  leave();
}
