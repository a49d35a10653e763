/** From an experiment's choice to a grader. */
import { GraderSpec, isProvided, optionsOf } from '../../domain/spec/grader-spec.ts';
import type { SuiteSpec } from '../../domain/spec/suite-spec.ts';
import { sha256, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { PinnedPython } from '../../domain/words/plan.ts';
import type { Compute } from '../compute/compute.ts';
import type { Grader } from './grader.ts';
import { codePath, isCode } from '../../domain/spec/code-spec.ts';
import { codeOf, pinCode } from '../user-code/code.ts';
import type { UserCode } from '../user-code/user-code.ts';
import { codeGrader, GRADER_FIELD } from './code-grader.ts';
import { httpGrader } from './http-grader.ts';
import { judge } from './judge.ts';
import { pooledGrader } from './pooled-grader.ts';
import { pinProvided, providedGrader } from './provided-grader.ts';
import type { AnswerGrader } from './text-graders.ts';

/** The worker's variables that graders may be given, by name. */
export type Secrets = ReadonlyMap<string, string>;

export interface GraderPorts {
  readonly artifacts: Artifacts;
  readonly secrets: Secrets;
  readonly compute: Compute;
  readonly userCode: UserCode;
}

/** Stores the file of a grader that is one, so that a run depends on its hash. */
export async function pinGrader(artifacts: Artifacts, spec: GraderSpec): Promise<string | undefined> {
  if (isProvided(spec)) return pinProvided(artifacts, spec);
  if (!isCode(spec)) return undefined;
  return pinCode(artifacts, { field: GRADER_FIELD, path: codePath(spec) });
}

export interface Opening {
  readonly python?: PinnedPython | undefined;
  /** Told what the user's own code prints. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

/** `pinned` is what `pinGrader` gave. */
export async function openGrader(
  { artifacts, userCode, secrets, compute }: GraderPorts,
  spec: AnswerGrader,
  pinned: string | undefined,
  { python, onOutput }: Opening = {},
): Promise<Grader> {
  if (isCode(spec)) {
    const code = codeOf(spec, { field: GRADER_FIELD, role: 'grader', pinned, python, secrets });
    return codeGrader(userCode, code, { binary: spec.binary, onOutput });
  }
  if (isProvided(spec)) return providedGrader({ artifacts, userCode }, spec, { pinned, python, onOutput });
  if (typeof spec === 'string' || 'name' in spec) return pooledGrader(compute, spec);
  if ('http' in spec) return httpGrader(spec.http, keyOf(spec.http.keyVariable, secrets));
  return judge(spec.judge, keyOf(spec.judge.keyVariable, secrets));
}

/** What of an answer is graded, and with which packages. */
interface Reading extends Pick<SuiteSpec, 'answerAfter' | 'normalize'> {
  readonly python?: PinnedPython | undefined;
}

/** The same for the same grader with the same options, wherever its module lies and however long it is waited for. */
export function graderHash(
  spec: GraderSpec,
  pinned: string | undefined,
  { python, answerAfter, normalize }: Reading = {},
): string {
  const facts = graderFacts(spec, pinned);
  const inPython = isProvided(spec) || (isCode(spec) && 'python' in spec);
  const packages = inPython ? python?.requirements : undefined;
  const all = packages === undefined ? facts : [facts, packages];
  const reads = { answerAfter, normalize: normalize === 'none' ? undefined : normalize };
  const plain = Object.values(reads).every((value) => value === undefined);
  return sha256(JSON.stringify(plain ? all : { grader: all, ...reads }));
}

function graderFacts(spec: GraderSpec, pinned: string | undefined): unknown {
  if (isProvided(spec)) return { ...optionsOf(spec), file: pinned };
  // A bare name is the same grader as the name with its default options.
  if (typeof spec === 'string') return GraderSpec.safeParse({ name: spec }).data ?? spec;
  if ('name' in spec) return spec;
  if (isCode(spec)) {
    const { timeoutSeconds: _time, memoryMegabytes: _memory, ...facts } = spec;
    return 'module' in facts ? { ...facts, module: pinned } : { ...facts, python: pinned };
  }
  const [[kind, options] = ['', {}]] = Object.entries(spec);
  return { [kind]: { ...options, keyVariable: undefined, timeoutSeconds: undefined } };
}

function keyOf(variable: string | undefined, secrets: Secrets): string | undefined {
  if (variable === undefined) return undefined;
  const key = secrets.get(variable);
  if (key !== undefined) return key;
  throw new PawlError('Unauthorized', `The grader needs ${variable} in the environment of every worker: set it there.`);
}
