/** Tasks that do what tasks should not, and some that only tell. */
import type { TaskContext } from '../../activities/compute/task.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';

export const TASKS = {
  double: (value: number): number => 2 * value,
  loop: (_nothing: null): string => {
    for (;;) if (Date.now() < 0) return 'never';
  },
  allocate: (_nothing: null): never => {
    const kept: string[][] = [];
    for (;;) kept.push(Array.from({ length: 10_000 }, (_unused, index) => `${kept.length}:${index}`));
  },
  exit: (code: number): never => process.exit(code),
  count: (until: number, { progress }: TaskContext<number>): number => {
    for (let now = 1; now <= until; now++) progress(now);
    return until;
  },
  refuse: (message: string): never => {
    throw new PawlError('Unavailable', message, { detail: { status: 7 }, cause: new RangeError('deeper') });
  },
  break: (message: string): never => {
    throw new RangeError(message);
  },
  environment: (_nothing: null): string[] => Object.keys(process.env),
  memory: (length: number, { handOver }: TaskContext): { made: Int32Array; leftHere: number } => {
    const made = Int32Array.from({ length }, (_unused, index) => index);
    handOver(made.subarray(1), made.subarray(2));
    return { made, leftHere: made.length };
  },
};
