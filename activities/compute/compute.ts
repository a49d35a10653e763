/**
 * Computing beside the loop that heartbeats: a port, made once by worker/ and handed to whoever has something heavy.
 *
 *     const difference = await compute.run('statistics.pairedDifference', { baseline, candidate }, { signal });
 *
 * Tasks stand in `tasks.ts`, typed by name. To add one: write the function in its own room, pure and with plain data in
 * and out (structured clone), put it in that table, call it here. What a thread gets is its input and nothing of the
 * environment. The limits hold for a synchronous loop too: the thread is ended and another takes its place.
 */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { TaskContext } from './task.ts';
import type { Tasks as PawlTasks } from './tasks.ts';

type Table = Readonly<Record<string, (input: never, context: never) => unknown>>;
type Input<Task extends Table[string]> = Parameters<Task>[0];
type Output<Task extends Table[string]> = Awaited<ReturnType<Task>>;
type Progress<Task extends Table[string]> =
  Parameters<Task> extends [unknown, TaskContext<infer Value>] ? Value : never;

export interface RunOptions<Progressing = never> {
  /** Ends the task, and its thread if need be; the call then fails with the signal's reason. */
  readonly signal?: AbortSignal;
  /** From when a thread takes the task, whatever it waited before. Default: ten minutes. */
  readonly timeoutMs?: number;
  readonly onProgress?: (value: Progressing) => void;
  /** What is computed, for the message when a limit ends it: `the schema of prompt 3`. Default: the task's name. */
  readonly what?: string;
}

export interface Compute<Tasks extends Table = PawlTasks> {
  /**
   * Fails as the task did (a `PawlError` stays one; others keep name, message and stack), with the signal's reason, or
   * with `TaskEnded` where a limit or a crash ended it.
   */
  run<Name extends keyof Tasks & string>(
    task: Name,
    input: Input<Tasks[Name]>,
    options?: RunOptions<Progress<Tasks[Name]>>,
  ): Promise<Output<Tasks[Name]>>;
  /** Threads that work at one time on what is long: how much it pays to ask for at once. */
  readonly parallelism: number;
  /** Ends every thread; what still runs fails. */
  close(): Promise<void>;
}

/** A task that did not come to its own end. `died` is worth another try; the same input meets the other two again. */
export class TaskEnded extends PawlError {
  override readonly name = 'TaskEnded';
  readonly reason: 'timeout' | 'memory' | 'died';

  constructor(reason: TaskEnded['reason'], message: string, options: { cause?: unknown } = {}) {
    super(reason === 'died' ? 'Unavailable' : 'InvalidRequest', message, options);
    this.reason = reason;
  }
}
