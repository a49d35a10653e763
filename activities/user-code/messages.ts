/** What a worker and the process that runs a user's code say to each other. */
import { z } from 'zod';

/** The first thing a process is told. */
export interface LoadRequest {
  readonly type: 'load';
  /** Where the pinned bytes were written. */
  readonly file: string;
  readonly role: 'grader' | 'objective';
  /** What is called; absent: what JavaScript modules have always exported. */
  readonly function?: string | undefined;
  /** Of the whole process. */
  readonly memoryBytes: number;
  readonly limitMs: number;
}

export interface GradeRequest {
  readonly type: 'grade';
  readonly options: object;
  readonly items: readonly {
    readonly output: string;
    readonly reference: string;
    readonly prompt: string;
    readonly id: string;
  }[];
  readonly limitMs: number;
}

/** The body holds log-probabilities, targets and every input, all of the same row lengths. */
export interface ObjectiveRequest {
  readonly type: 'objective';
  readonly options: object;
  readonly lengths: readonly number[];
  readonly inputs: readonly string[];
  readonly limitMs: number;
}

/** What a user's code threw. Cut by the process that runs it. */
export const Thrown = z.object({ message: z.string(), stack: z.string(), kind: z.enum(['raised', 'shape', 'limit']) });
export type Thrown = z.output<typeof Thrown>;

export const Loaded = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('loaded'),
    /** The gradient is the user's own claim, not the work of automatic differentiation. */
    ownGradient: z.boolean().optional(),
  }),
  z.object({ type: z.literal('failed'), error: Thrown }),
]);

export type Loaded = z.output<typeof Loaded>;

export const Graded = z.discriminatedUnion('type', [
  z.object({ type: z.literal('score'), item: z.number().int(), score: z.unknown(), kind: z.string() }),
  z.object({ type: z.literal('failed'), item: z.number().int(), error: Thrown }),
]);

/** The body holds the loss, and then the rows of the gradient. */
export const Evaluated = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('evaluated'),
    lengths: z.array(z.number().int().min(0)),
    ownGradient: z.boolean(),
    metrics: z.record(z.string(), z.number()),
  }),
  z.object({ type: z.literal('failed'), error: Thrown }),
]);
