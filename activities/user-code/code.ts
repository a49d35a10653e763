/** A file of a user's: stored under its hash when a run is planned, and run from those bytes ever after. */
import { readFile } from 'node:fs/promises';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { codePath, type CodeSpec } from '../../domain/spec/code-spec.ts';
import type { PinnedPython } from '../../domain/words/plan.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';

/** Where the experiment names the file: what an error speaks of. */
export interface CodePlace {
  /** The spec's field, e.g. `train.objective`. */
  readonly field: string;
  readonly path: string;
}

/** Everything that a process for it depends on. */
export interface Code {
  readonly place: CodePlace;
  readonly language: 'javascript' | 'python';
  readonly role: 'grader' | 'objective';
  /** Hash of the file; absent in plans that never pinned it, which are refused. */
  readonly pinned: string | undefined;
  readonly function?: string | undefined;
  readonly options: object;
  /** Of each call. */
  readonly limitMs: number;
  readonly memoryBytes: number;
  /** The variables that the experiment gives it. */
  readonly environment: Readonly<Record<string, string>>;
  /** `false`: kept from the network, where the system allows that. */
  readonly network?: boolean;
  /** Which Python; default: the worker's. */
  readonly python?: PinnedPython | undefined;
}

/** The artifact's hash. */
export async function pinCode(artifacts: Artifacts, place: CodePlace): Promise<string> {
  const bytes = await readFile(place.path).catch((cause: unknown) => {
    throw refusedCode(place, 'it cannot be read by the worker', cause);
  });
  return artifacts.put(bytes);
}

export function refusedCode({ field, path }: CodePlace, why: string, cause?: unknown): PawlError {
  return new PawlError('InvalidRequest', `${field}: ${path} cannot be used: ${why}.`, { cause });
}

/** From an experiment's choice and what was pinned for it. Fails where it names a variable that the worker has not. */
export function codeOf(
  spec: CodeSpec,
  {
    field,
    role,
    pinned,
    python,
    secrets,
  }: {
    field: string;
    role: Code['role'];
    pinned: string | undefined;
    python: PinnedPython | undefined;
    /** The worker's variables that an experiment may name. */
    secrets: ReadonlyMap<string, string>;
  },
): Code {
  return {
    place: { field, path: codePath(spec) },
    language: 'module' in spec ? 'javascript' : 'python',
    role,
    pinned,
    ...('python' in spec && { python }),
    function: spec.function,
    options: spec.options,
    limitMs: spec.timeoutSeconds * 1000,
    memoryBytes: spec.memoryMegabytes * MEGABYTE,
    environment: Object.fromEntries(
      Object.entries(spec.environment ?? {}).map(([name, value]) => [name, textOf(value, secrets)]),
    ),
  };
}

const MEGABYTE = 1024 * 1024;

function textOf(value: string | { from: string }, secrets: ReadonlyMap<string, string>): string {
  if (typeof value === 'string') return value;
  const text = secrets.get(value.from);
  if (text !== undefined) return text;
  throw new PawlError('Unauthorized', `${value.from} is not in the environment of the worker: set it on every one.`);
}
