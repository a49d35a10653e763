import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { driftOf, outcomeOf, type Answer, type Pair } from '../../activities/preference/losses.ts';
import { preferenceSettings, PreferenceSpec } from '../../domain/spec/preference-spec.ts';

const Numbers = z.array(z.number());
const Recorded = z.object({
  pairs: z.array(
    z.object({
      first: z.tuple([z.number(), z.number(), z.number()]),
      second: z.tuple([z.number(), z.number(), z.number()]),
      label: z.boolean(),
    }),
  ),
  figures: z.array(z.object({ settings: PreferenceSpec, losses: Numbers, first: Numbers, second: Numbers })),
});

/** Made by losses.py beside it. */
const file = join(import.meta.dirname, 'reference', 'losses.json');
const { pairs, figures } = Recorded.parse(JSON.parse(readFileSync(file, 'utf8')));

const answerOf = ([logprob, reference, tokens]: readonly [number, number, number]): Answer => ({
  logprob,
  reference,
  tokens,
});
const all = pairs.map(({ first, second, label }): Pair => ({
  first: answerOf(first),
  second: answerOf(second),
  label,
}));

describe.each(figures)('what TRL makes of $settings', ({ settings, losses, first, second }) => {
  test.each(all.map((pair, index) => [index, pair] as const))('is made of pair %i', (index, pair) => {
    const outcome = outcomeOf(preferenceSettings(settings), pair, driftOf(all));
    expect(outcome.loss).toBeCloseTo(losses[index] ?? Number.NaN, 9);
    expect(outcome.first).toBeCloseTo(first[index] ?? Number.NaN, 9);
    expect(outcome.second).toBeCloseTo(second[index] ?? Number.NaN, 9);
  });
});
