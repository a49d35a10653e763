/** What runs in a thread of the pool: a function of plain data, told how to report and what need not be copied. */

export interface TaskContext<Progress = never> {
  /** Sent to whoever waits, at once; in order. */
  readonly progress: (value: Progress) => void;
  /** The memory of these views, which the result holds, is handed over instead of copied. */
  readonly handOver: (...views: readonly ArrayBufferView[]) => void;
}

/** Must not keep anything between calls but memories of pure functions: any thread may be asked, or a new one. */
export type Task<Input = never, Output = unknown, Progress = never> = (
  input: Input,
  context: TaskContext<Progress>,
) => Output | Promise<Output>;
