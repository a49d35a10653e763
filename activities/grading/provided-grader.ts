/**
 * `math` and `code`: graders of pawl's own that are written in Python and run where users' code runs, without network
 * where the system allows that. Their file is pinned like a user's, so that another version of it is another grader.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { optionsOf, type ProvidedGrader } from '../../domain/spec/grader-spec.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { PinnedPython } from '../../domain/words/plan.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import type { Code } from '../user-code/code.ts';
import type { UserCode } from '../user-code/user-code.ts';
import { codeGrader, GRADER_FIELD } from './code-grader.ts';
import type { Grader, Refusal } from './grader.ts';

const MEGABYTE = 1024 * 1024;
/** Of a comparison; the grader gives up long before. */
const MATH_SECONDS = 120;
const MATH_MEGABYTES = 2_048;
/** An answer that waits has ten times its computing time (see code_grader.py); then it is ended, and its process with it. */
const WALL_FACTOR = 10;
const ENDING_SECONDS = 60;
/** Of what starts the tests and looks at them. */
const OWN_MEGABYTES = 512;

/** The artifact's hash. */
export async function pinProvided(artifacts: Artifacts, spec: ProvidedGrader): Promise<string> {
  const name = typeof spec === 'string' ? spec : spec.name;
  return artifacts.put(await readFile(fileURLToPath(new URL(`./provided/${name}_grader.py`, import.meta.url))));
}

interface Ports {
  readonly artifacts: Artifacts;
  readonly userCode: UserCode;
}

interface Opened {
  readonly pinned: string | undefined;
  /** The experiment's own; absent: the worker's, with the packages that the file names. */
  readonly python: PinnedPython | undefined;
  readonly onOutput: ((text: string) => void) | undefined;
}

export async function providedGrader(
  { artifacts, userCode }: Ports,
  spec: ProvidedGrader,
  { pinned, python, onOutput }: Opened,
): Promise<Grader> {
  const options = optionsOf(spec);
  const code: Code = {
    // A module of this name would hide Python's own from others.
    place: { field: GRADER_FIELD, path: `${options.name}_grader` },
    language: 'python',
    role: 'grader',
    pinned,
    python: python ?? (await packagesOf(artifacts, pinned)),
    network: false,
    environment: {},
    ...(options.name === 'math' ? MATH : limitsOf(options)),
  };
  const check = codeGrader(userCode, { ...code, function: 'refuses' }, { binary: true, onOutput });
  return {
    ...codeGrader(userCode, code, { binary: true, onOutput }),
    firstRefused: async (references, signal) => firstRefused(check, references, signal),
  };
}

const MATH = { options: {}, limitMs: MATH_SECONDS * 1000, memoryBytes: MATH_MEGABYTES * MEGABYTE };

function limitsOf({
  timeoutSeconds: seconds,
  memoryMegabytes: megabytes,
  continues,
}: Extract<ReturnType<typeof optionsOf>, { name: 'code' }>): Pick<Code, 'options' | 'limitMs' | 'memoryBytes'> {
  return {
    options: { seconds, megabytes, continues },
    limitMs: (seconds * WALL_FACTOR + ENDING_SECONDS) * 1000,
    memoryBytes: (megabytes + OWN_MEGABYTES) * MEGABYTE,
  };
}

/** What the pinned file says it needs, in the form of PEP 723; undefined where that is nothing. */
async function packagesOf(artifacts: Artifacts, pinned: string | undefined): Promise<PinnedPython | undefined> {
  if (pinned === undefined) return undefined;
  const text = (await artifacts.get(pinned)).toString('utf8');
  const block = /^# \/\/\/ script$(.*?)^# \/\/\/$/ms.exec(text)?.[1] ?? '';
  const packages = [...block.matchAll(/"([^"]+)"/g)].map(([, name]) => `${name}\n`);
  return packages.length === 0 ? undefined : { requirements: await artifacts.put(Buffer.from(packages.join(''))) };
}

/** All are asked at once, and go to the processes in batches. */
async function firstRefused(
  check: Grader,
  references: readonly string[],
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const answers = references.map(async (reference, index): Promise<Refusal | undefined> => {
    try {
      await check.score('', reference, { prompt: '', id: '', signal });
      return undefined;
    } catch (error) {
      const why = error instanceof PawlError ? /\bValueError: (.*)$/s.exec(error.message)?.[1] : undefined;
      if (why === undefined) throw error;
      return { index, why };
    }
  });
  for (const answer of answers) answer.catch(() => undefined);
  for (const answer of answers) {
    const refused = await answer;
    if (refused !== undefined) return refused;
  }
  return undefined;
}
