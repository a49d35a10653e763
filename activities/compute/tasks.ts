/** Everything that may be asked of the pool, by name. Only threads import it; the main thread knows its types. */
import { TAIL } from '../../domain/decide/statistics/distributions.ts';
import { pairedDifference, type PairedDifference } from '../../domain/decide/statistics/paired.ts';
import type { ProbeStanding } from '../../domain/words/serving.ts';
import { comparedRendering, importPrompts, referencesOf, tokenizerFacts } from '../data/data-tasks.ts';
import { digestOf } from '../data/lines.ts';
import { unpack } from '../data/formats/jsonl-of.ts';
import { findOverlap } from '../data/overlap-task.ts';
import { shownExamples } from '../data/shown-examples.ts';
import { tokenizeRange } from '../data/tokenize-range.ts';
import { firstRefused, score } from '../grading/grading-tasks.ts';
import { unreachable } from '../grading/reachable.ts';
import { standingOf } from '../grading/standing.ts';
import { unpackScores, type PackedScores } from './packed-scores.ts';
import type { Task } from './task.ts';

export const TASKS = {
  /** Two evaluations, prompt by prompt. */
  'statistics.pairedDifference': ({ baseline, candidate, tail = TAIL }: Pair): PairedDifference | undefined =>
    pairedDifference(unpackScores(baseline), unpackScores(candidate), { tail }),
  'statistics.standing': ({ good, bad, probe, tail }: Probe): ProbeStanding =>
    standingOf({ good: unpackScores(good), bad: unpackScores(bad), probe: unpackScores(probe), tail }),
  'data.tokenizer': tokenizerFacts,
  'data.unpack': unpack,
  'data.digest': digestOf,
  'data.tokenizeRange': tokenizeRange,
  'data.findOverlap': findOverlap,
  'data.importPrompts': importPrompts,
  'data.otherRendering': comparedRendering,
  'data.references': referencesOf,
  'data.shownExamples': shownExamples,
  'grading.score': score,
  'grading.firstRefused': firstRefused,
  'grading.unreachable': unreachable,
} satisfies Record<string, Task<never, unknown, unknown>>;

interface Pair {
  readonly baseline: PackedScores;
  readonly candidate: PackedScores;
  /** Chance of being wrong on either side; default: 2.5 %. */
  readonly tail?: number;
}

interface Probe {
  readonly good: PackedScores;
  readonly bad: PackedScores;
  readonly probe: PackedScores;
  /** Chance of being wrong on either side; default: 2.5 %. */
  readonly tail?: number | undefined;
}

export type Tasks = typeof TASKS;
