/** A thread's end of the pool: looks a task up by its name, runs it, and answers in an envelope. */
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { sendable, type Envelope, type Order, type Report } from './envelope.ts';
import type { Task, TaskContext } from './task.ts';

type AnyTask = Task<never, unknown, unknown>;
type OpenTask = Task<unknown, unknown, unknown>;

export function serveTasks(tasks: Readonly<Record<string, AnyTask>>): (order: Order) => Promise<unknown> {
  return async ({ task, input, port }) => {
    const tell = (report: Report): void => {
      port.postMessage(report);
    };
    const views: ArrayBufferView[] = [];
    const context: TaskContext<unknown> = {
      progress: (value) => tell({ kind: 'progress', value }),
      handOver: (...more) => {
        views.push(...more);
      },
    };
    tell({ kind: 'begun' });
    const answer = await envelope(async () => taskOf(tasks, task)(input, context));
    port.close();
    // One piece of memory is handed over once, however many views there are of it.
    const transfer = answer.kind === 'done' ? [...new Set(views.map(({ buffer }) => buffer))] : [];
    return move({ [valueSymbol]: answer, [transferableSymbol]: transfer });
  };
}

async function envelope(run: () => Promise<unknown>): Promise<Envelope> {
  try {
    return { kind: 'done', value: await run() };
  } catch (error) {
    return { kind: 'failed', error: sendable(error) };
  }
}

function taskOf(tasks: Readonly<Record<string, AnyTask>>, name: string): OpenTask {
  const task = tasks[name] as OpenTask | undefined;
  if (task === undefined) throw new TypeError(`the pool has no task ${name}`);
  return task;
}
