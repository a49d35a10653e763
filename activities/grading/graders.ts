/** From an experiment's choice to a grader. */
import { GraderSpec } from '../../domain/spec/grader-spec.ts';
import { sha256, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { importPinned, pinModule } from '../pinned-module.ts';
import { editSimilarity } from './edit-similarity.ts';
import { exactMatch } from './exact-match.ts';
import type { Grader, TextGrader } from './grader.ts';
import { httpGrader } from './http-grader.ts';
import { jsonSchema } from './json-schema.ts';
import { judge } from './judge.ts';
import { graderPlace, moduleGrader } from './module-grader.ts';
import { multipleChoice } from './multiple-choice.ts';
import { numeric } from './numeric.ts';
import { regex } from './regex.ts';
import { tokenAccuracy } from './token-accuracy.ts';

/** The worker's variables that graders may be given, by name. */
export type Secrets = ReadonlyMap<string, string>;

export interface GraderPorts {
  readonly artifacts: Artifacts;
  readonly secrets: Secrets;
}

/** A grader of answers. */
export type AnswerGrader = Exclude<GraderSpec, 'perplexity' | { name: 'perplexity' }>;

/** What each is without options. */
export const graders: Readonly<Record<Extract<AnswerGrader, string>, TextGrader>> = {
  exact_match: exactMatch,
  edit_similarity: editSimilarity,
  token_accuracy: tokenAccuracy,
  multiple_choice: multipleChoice({ choices: 'ABCDEFGHIJ' }),
  numeric: numeric({ tolerance: 0, relativeTolerance: 0 }),
  regex: regex({ flags: '' }),
  json_schema: jsonSchema({}),
};

type Named = Extract<AnswerGrader, { name: string }>;

/** Stores a module of the user's, so that a run depends on its hash. */
export async function pinGrader(artifacts: Artifacts, spec: GraderSpec): Promise<string | undefined> {
  if (typeof spec === 'string' || !('module' in spec)) return undefined;
  return pinModule(artifacts, graderPlace(spec.module));
}

/** `pinned` is what `pinGrader` gave. */
export async function openGrader(
  { artifacts, secrets }: GraderPorts,
  spec: AnswerGrader,
  pinned: string | undefined,
): Promise<Grader> {
  if (typeof spec === 'string') return graders[spec];
  if ('name' in spec) return withOptions(spec);
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

function withOptions(spec: Named): TextGrader {
  switch (spec.name) {
    case 'multiple_choice':
      return multipleChoice(spec);
    case 'numeric':
      return numeric(spec);
    case 'regex':
      return regex(spec);
    case 'json_schema':
      return jsonSchema(spec);
    default:
      return spec satisfies never;
  }
}

function keyOf(variable: string | undefined, secrets: Secrets): string | undefined {
  if (variable === undefined) return undefined;
  const key = secrets.get(variable);
  if (key !== undefined) return key;
  throw new PawlError('Unauthorized', `The grader needs ${variable} in the environment of every worker: set it there.`);
}
