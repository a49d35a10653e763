/** Answers to read, as text: a block for each prompt, what is compared one below the other. Pure. */
import { MAIN_SUITE } from '../../../domain/words/names.ts';
import type { StoredAnswer } from '../../../store/index.ts';
import type { AnsweredPrompt, AnswersOf, Samples } from '../../serving/samples.ts';
import type { Colours } from './colours.ts';
import { count, percent, scoreText, share } from './format.ts';
import { oneLine } from './text.ts';
import { textLines } from './text-lines.ts';

interface Look {
  readonly colours: Colours;
  readonly width: number;
  /** Texts from end to end. */
  readonly full: boolean;
}

export function samplesReport(samples: Samples, look: Look): string {
  const { of, beside, prompts } = samples;
  const head = [headLine(of, look.colours), ...(beside === undefined ? [] : [headLine(beside, look.colours)])];
  if (prompts.length === 0) return [...head, '', 'No answer is like that.'].join('\n');
  const names = namesOf(of, beside);
  return [head.join('\n'), ...prompts.map((prompt) => promptBlock(prompt, names, look))].join('\n\n');
}

/** `run step-000100-g1  exact_match 9.4 % [6.4, 13.6]  256 answers, 12 cut by maxTokens 16 (4.7 %)` */
function headLine({ runId, evaluation, endings }: AnswersOf, colours: Colours): string {
  const { checkpoint, metric, suite = MAIN_SUITE } = evaluation;
  const score = `${metric} ${scoreText(evaluation)}`;
  const of = suite === MAIN_SUITE ? '' : `  suite ${suite}`;
  return `${colours.strong(`${runId} ${checkpoint}`)}${of}  ${score}  ${endingsText(endings, evaluation.sampling?.maxTokens, colours)}`;
}

function endingsText(endings: AnswersOf['endings'], maxTokens: number | undefined, colours: Colours): string {
  const { missing = 0, length: cut = 0 } = endings;
  const answered = Object.values(endings).reduce((sum, some) => sum + some, 0) - missing;
  const parts = [`${count(answered)} answers`];
  if (cut > 0) {
    const limit = maxTokens === undefined ? 'maxTokens' : `maxTokens ${maxTokens}`;
    parts.push(colours.warn(`${count(cut)} cut by ${limit} (${share(cut, answered)})`));
  }
  if (missing > 0) parts.push(colours.warn(`${count(missing)} missing`));
  return parts.join(', ');
}

/** As short as tells them apart. */
function namesOf(of: AnswersOf, beside: AnswersOf | undefined): readonly [string, string] {
  if (beside === undefined) return ['answer', ''];
  if (of.runId !== beside.runId)
    return [`${of.runId}@${of.evaluation.step}`, `${beside.runId}@${beside.evaluation.step}`];
  const steps = [`step ${of.evaluation.step}`, `step ${beside.evaluation.step}`] as const;
  return steps[0] === steps[1] ? [of.evaluation.checkpoint, beside.evaluation.checkpoint] : steps;
}

/** Lines behind a name. */
interface Page {
  text(name: string, value: string, colour?: (text: string) => string): string[];
  fact(name: string, fact: string): string;
}

function pageOf(names: readonly string[], { width, full }: Look): Page {
  const label = Math.max(...names.map((name) => name.length));
  const fact = (name: string, line: string): string => `  ${name.padEnd(label)} │ ${line}`;
  const room = Math.max(20, width - label - 5);
  return {
    fact,
    text: (name, value, colour = (line) => line) =>
      textLines(value, { room, full }).map((line, index) => fact(index === 0 ? name : '', colour(line))),
  };
}

function promptBlock(
  { number, prompt, reference, answers, beside }: AnsweredPrompt,
  names: readonly [string, string],
  look: Look,
): string {
  const { colours } = look;
  const page = pageOf(['reference', ...names], look);
  const gone = colours.dim('not on this machine any more');
  return [
    colours.strong(`prompt ${count(number)}`),
    ...(prompt === undefined ? [page.fact('prompt', gone)] : page.text('prompt', prompt)),
    ...(reference === undefined ? [] : page.text('reference', reference)),
    ...answers.flatMap((answer) => answerLines(answer, names[0], page, colours)),
    ...(beside ?? []).flatMap((answer) => answerLines(answer, names[1], page, colours)),
    ...(beside?.length === 0 ? [page.fact(names[1], colours.dim('was not asked this'))] : []),
  ].join('\n');
}

function answerLines(answer: StoredAnswer, name: string, page: Page, colours: Colours): string[] {
  const { text, score, finishReason, error } = answer;
  const told = [scoreMark(score, colours), endText(finishReason, colours), error && colours.warn(oneLine(error))];
  const facts = told.filter(Boolean).join(', ');
  if (text === undefined) return [page.fact(name, facts)];
  return [...page.text(name, text, colourOf(score, colours)), page.fact('', facts)];
}

function colourOf(score: number | undefined, colours: Colours): (text: string) => string {
  if (score === undefined) return colours.warn;
  return score >= 1 ? colours.good : colours.bad;
}

function scoreMark(score: number | undefined, colours: Colours): string {
  if (score === undefined) return colours.warn('missing: no score');
  if (score >= 1) return colours.good('✓ right');
  return score <= 0 ? colours.bad('✗ wrong') : colours.warn(`~ ${percent(score)}`);
}

function endText(finishReason: string | undefined, colours: Colours): string | undefined {
  if (finishReason === undefined || finishReason === 'stop') return undefined;
  return finishReason === 'length' ? colours.warn('cut by maxTokens') : `ended by ${oneLine(finishReason)}`;
}
