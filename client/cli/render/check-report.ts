/** What a look at an experiment found, as text. Pure. */
import { basename } from 'node:path';
import type { CheckReport, ShownExample, ShownPiece } from '../../../domain/words/check.ts';
import type { Colours } from './colours.ts';
import { count, share } from './format.ts';
import { table } from './tables.ts';
import { textLines } from './text-lines.ts';
import { oneLine } from './text.ts';

interface Look {
  readonly colours: Colours;
  readonly width: number;
  /** Examples from end to end. */
  readonly full: boolean;
}

export function checkReport(report: CheckReport, look: Look): string {
  const { warnings, notices, data, suites, printed } = report;
  const { colours } = look;
  const parts = [
    factLines(report).join('\n'),
    suites.length === 0 ? undefined : suiteTable(suites),
    data && data.shown.map((example) => exampleLines(example, data, look).join('\n')).join('\n\n'),
    printed &&
      [
        'printed by your own code:',
        ...printed
          .trimEnd()
          .split('\n')
          .map((line) => `  ${line}`),
      ].join('\n'),
    [
      ...notices.map((text) => colours.dim(`· ${oneLine(text)}`)),
      ...warnings.map((text) => colours.warn(`! ${oneLine(text)}`)),
    ].join('\n'),
    verdict(report, colours),
  ];
  return parts.filter((part) => part !== undefined && part !== '').join('\n\n');
}

function verdict({ problems, warnings }: CheckReport, colours: Colours): string {
  if (problems.length > 0) return colours.bad(`✗ a run would be refused: ${problems.length} to mend`);
  const worth = warnings.length === 0 ? '' : `, ${warnings.length} worth a look`;
  return colours.good(`✓ a run would begin${worth}`);
}

function factLines({ shape, data, training, cost }: CheckReport): string[] {
  const rows: [string, string][] = [];
  if (shape !== undefined) {
    rows.push(['shape', `${shape.machine}, context of ${count(shape.maxContextTokens)} tokens (${shape.reference})`]);
    rows.push(['base model', shape.baseModel]);
  }
  if (data !== undefined) {
    rows.push(['rows', `${count(data.rows)}: ${count(data.examples)} examples${droppedText(data)}`]);
    if (data.left.length > 0) rows.push(['left out', leftText(data)]);
    if (data.heldOut !== undefined) {
      rows.push(['held out', `${count(data.heldOut)}: never trained on; their loss is told at each checkpoint`]);
    }
    const mean = data.tokens / data.examples;
    rows.push([
      'tokens',
      `${count(data.tokens)}; ${mean.toFixed(1)} an example, the longest has ${count(data.longestTokens)}`,
    ]);
  }
  if (training !== undefined) {
    const { steps, unit, epochs, tokens, checkpoints, requestsPerStep } = training;
    rows.push(['steps', `${count(steps)} of ${stepText(training)} ${unit}: ${epochsText(epochs)}`]);
    rows.push(['to train', `about ${count(tokens)} tokens, ${requestsPerStep} requests a step`]);
    rows.push(['checkpoints', `${count(checkpoints)}, the baseline included; each is evaluated`]);
  }
  rows.push(['cost', costText(cost)]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
}

function droppedText({ dropped, examples, maxTokens, limit }: NonNullable<CheckReport['data']>): string {
  if (dropped === 0) return ', none left out';
  const why = limit === 'context' ? 'the context of the model' : 'data.maxTokens';
  return `, ${count(dropped)} left out (${share(dropped, dropped + examples)}): longer than ${count(maxTokens)} tokens, ${why}`;
}

/** Of more the numbers are no help. */
const MOST_LEFT = 8;

function leftText({ left, leftOut }: NonNullable<CheckReport['data']>): string {
  const shown = left.slice(0, MOST_LEFT).map(({ file, line, tokens }) => {
    const why = tokens === undefined ? 'weight 0' : `${count(tokens)} tokens`;
    return `${basename(file)}:${line} (${why})`;
  });
  const more = leftOut - shown.length;
  return `${shown.join(', ')}${more > 0 ? `, and ${count(more)} more` : ''}`;
}

/** By tokens no step is like another: their mean is told, and what makes them. */
function stepText({ examplesPerStep, byTokens }: NonNullable<CheckReport['training']>): string {
  if (byTokens === undefined) return count(examplesPerStep);
  const { batches, budget } = byTokens;
  return `up to ${count(budget)} tokens (${count(batches)} batches an epoch), about ${count(Math.round(examplesPerStep * 10) / 10)}`;
}

function epochsText(epochs: number): string {
  return epochs < 1 ? `${(epochs * 100).toFixed(1)} % of the examples` : `each comes ${epochs.toFixed(1)} times`;
}

function costText({ perHour, currency, atMost }: CheckReport['cost']): string {
  if (perHour === 0) return 'no prices set (prices.trainerPerHour, prices.replicaPerHour)';
  const hour = `${perHour.toFixed(2)} ${currency} an hour while rented`;
  return atMost === undefined
    ? `${hour}; no budget ends it (budget.maxHours, budget.maxCost)`
    : `${hour}; the budget ends it at ${atMost.toFixed(2)} ${currency}`;
}

function suiteTable(suites: CheckReport['suites']): string {
  const rows = suites.map(({ name, metric, prompts, asked, samplesPerPrompt, maxTokens }) => [
    name,
    metric,
    count(prompts),
    count(asked * samplesPerPrompt),
    maxTokens === 0 ? '-' : count(maxTokens),
  ]);
  return table(['suite', 'metric', 'prompts', 'answers each time', 'tokens at most'], rows);
}

/** Each stretch with what becomes of it in front, so that it reads without colours too. */
function exampleLines(example: ShownExample, { examples }: { examples: number }, look: Look): string[] {
  const { which, number, tokens, trained, pieces } = example;
  const { strong } = look.colours;
  const title = `${which} example, number ${count(number)} of ${count(examples)}`;
  return [
    `${strong(title)}: ${count(tokens)} tokens, ${count(trained)} of them learned`,
    ...pieces.flatMap((piece) => pieceLines(piece, look)),
  ];
}

const GUTTER = 'learn │ '.length + 2;

function pieceLines({ text, trained }: ShownPiece, { colours, width, full }: Look): string[] {
  const colour = trained ? colours.good : colours.dim;
  const mark = trained ? 'learn' : 'read';
  const lines = textLines(text, { room: Math.max(20, width - GUTTER), full });
  return lines.map((line, index) => `  ${(index === 0 ? mark : '').padEnd('learn'.length)} │ ${colour(line)}`);
}
