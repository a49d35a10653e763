import { describe, expect, test } from '@jest/globals';
import { lossName, lossPlot } from '../../client/cli/render/loss-plot.ts';
import { checkpointLine } from '../../client/cli/render/run-lines.ts';
import { validationLine } from '../../client/cli/render/step-metrics.ts';
import { checkpointTable } from '../../client/cli/render/tables.ts';
import { judgedCheckpoint, PLAIN, SPEC } from './examples.ts';

const BASELINE = judgedCheckpoint(0, 0.04, 'continue', 'baseline exact_match 4.0 %');
const LAST = judgedCheckpoint(100, 0.121, 'stop', 'exact_match 12.1 % reaches the target 10.0 %, interval included');

describe('what is shown of a loss', () => {
  test('the loss on rows that are held out, where there is one', () => {
    const validation = { loss: 1.23456, rows: 40, tokens: 100, metrics: { 'rewards/accuracies': 0.75 } };
    const validated = { ...LAST, checkpoint: { ...LAST.checkpoint, validation } };
    const [head = '', first = '', last = ''] = checkpointTable([BASELINE, validated], 120).split('\n');
    expect(head).toContain('exact_match [95 %]  validation loss  verdict');
    expect([first, last].map((line) => line.includes('  1.2346  '))).toEqual([false, true]);
    expect(checkpointLine(validated, PLAIN)).toContain('  validation loss 1.2346  ');
    expect(validationLine([BASELINE, validated])).toBe(
      'validation of step 100, 40 rows: loss 1.235, rewards/accuracies 0.75',
    );
    expect(validationLine([BASELINE])).toBeUndefined();
  });

  test('names what is minimised', () => {
    const span = (step: number, loss: number): Parameters<typeof lossPlot>[0][number] => ({
      fromStep: step,
      toStep: step,
      steps: 1,
      lossMean: { min: loss, mean: loss, max: loss },
      notFinite: 0,
      tokens: 100,
      seconds: 0.1,
    });
    const { train } = SPEC;
    const title = (spec: Parameters<typeof lossName>[0]): string | undefined =>
      lossPlot([span(1, 3), span(2, 2)], 60, lossName(spec))?.split('\n')[0];
    expect(title({ train })).toBe('loss per step (mean −log p per token, in nats)');
    expect(title({ loop: 'preference', train })).toBe('loss per step (dpo, mean over pairs)');
    expect(title({ train: { ...train, objective: { name: 'focal', options: {} } } })).toBe(
      'loss per step (of the objective)',
    );
  });
});
