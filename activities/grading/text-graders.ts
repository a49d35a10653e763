/** The graders that need nothing but two texts: from an experiment's choice to what grades. Pure. */
import {
  isLikelihood,
  isProvided,
  type GraderSpec,
  type Likelihood,
  type ProvidedGrader,
} from '../../domain/spec/grader-spec.ts';
import { editSimilarity } from './edit-similarity.ts';
import { exactMatch } from './exact-match.ts';
import type { TextGrader } from './grader.ts';
import { contains, startsWith } from './holds.ts';
import { jsonSchema } from './json-schema.ts';
import { multipleChoice } from './multiple-choice.ts';
import { numeric } from './numeric.ts';
import { f1, rougeL } from './overlap.ts';
import { regex } from './regex.ts';
import { tokenAccuracy } from './token-accuracy.ts';

/** A grader of answers. */
export type AnswerGrader = Exclude<GraderSpec, Likelihood>;

type TwoTexts = Exclude<AnswerGrader, ProvidedGrader>;
type Bare = Extract<TwoTexts, string>;
type Named = Extract<TwoTexts, { name: string }>;
export type TextGraderSpec = Bare | Named;

/** What each is without options. */
export const graders: Readonly<Record<Bare, TextGrader>> = {
  exact_match: exactMatch,
  edit_similarity: editSimilarity,
  token_accuracy: tokenAccuracy,
  multiple_choice: multipleChoice({ choices: 'ABCDEFGHIJ' }),
  numeric: numeric({ tolerance: 0, relativeTolerance: 0, locale: 'en' }),
  regex: regex({ flags: '' }),
  json_schema: jsonSchema({}),
  contains: contains({ ignoreCase: false }),
  starts_with: startsWith({ ignoreCase: false }),
  f1,
  rouge_l: rougeL,
};

/** Whether two texts are all that it needs. */
export function isTextGrader(spec: GraderSpec): spec is TextGraderSpec {
  if (isLikelihood(spec) || isProvided(spec)) return false;
  return typeof spec === 'string' || 'name' in spec;
}

export function textGrader(spec: TextGraderSpec): TextGrader {
  if (typeof spec === 'string') return graders[spec];
  switch (spec.name) {
    case 'multiple_choice':
      return multipleChoice(spec);
    case 'numeric':
      return numeric(spec);
    case 'regex':
      return regex(spec);
    case 'json_schema':
      return jsonSchema(spec);
    case 'contains':
      return contains(spec);
    case 'starts_with':
      return startsWith(spec);
    case 'f1':
    case 'rouge_l':
      return graders[spec.name];
    default:
      return spec satisfies never;
  }
}
