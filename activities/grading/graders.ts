/** From an experiment's choice to a grader. */
import { GraderSpec } from '../../domain/spec/grader-spec.ts';
import { sha256, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { importPinned, pinModule } from '../pinned-module.ts';
import type { Compute } from '../compute/compute.ts';
import type { Grader } from './grader.ts';
import { httpGrader } from './http-grader.ts';
import { judge } from './judge.ts';
import { graderPlace, moduleGrader } from './module-grader.ts';
import { pooledGrader } from './pooled-grader.ts';
import type { AnswerGrader } from './text-graders.ts';

/** The worker's variables that graders may be given, by name. */
export type Secrets = ReadonlyMap<string, string>;

export interface GraderPorts {
  readonly artifacts: Artifacts;
  readonly secrets: Secrets;
  readonly compute: Compute;
}

/** Stores a module of the user's, so that a run depends on its hash. */
export async function pinGrader(artifacts: Artifacts, spec: GraderSpec): Promise<string | undefined> {
  if (typeof spec === 'string' || !('module' in spec)) return undefined;
  return pinModule(artifacts, graderPlace(spec.module));
}

/** `pinned` is what `pinGrader` gave. */
export async function openGrader(
  { artifacts, secrets, compute }: GraderPorts,
  spec: AnswerGrader,
  pinned: string | undefined,
): Promise<Grader> {
  if (typeof spec === 'string' || 'name' in spec) return pooledGrader(compute, spec);
  if ('module' in spec) return moduleGrader(spec, await importPinned(artifacts, pinned, graderPlace(spec.module)));
  if ('http' in spec) return httpGrader(spec.http, keyOf(spec.http.keyVariable, secrets));
  return judge(spec.judge, keyOf(spec.judge.keyVariable, secrets));
}

/** The same for the same grader with the same options, wherever its module lies and however long it is waited for. */
export function graderHash(spec: GraderSpec, pinned: string | undefined): string {
  return sha256(JSON.stringify(graderFacts(spec, pinned)));
}

function graderFacts(spec: GraderSpec, pinned: string | undefined): unknown {
  // A bare name is the same grader as the name with its default options.
  if (typeof spec === 'string') return GraderSpec.safeParse({ name: spec }).data ?? spec;
  if ('name' in spec) return spec;
  if ('module' in spec) return { ...spec, module: pinned };
  const [[kind, options] = ['', {}]] = Object.entries(spec);
  return { [kind]: { ...options, keyVariable: undefined, timeoutSeconds: undefined } };
}

function keyOf(variable: string | undefined, secrets: Secrets): string | undefined {
  if (variable === undefined) return undefined;
  const key = secrets.get(variable);
  if (key !== undefined) return key;
  throw new PawlError('Unauthorized', `The grader needs ${variable} in the environment of every worker: set it there.`);
}
