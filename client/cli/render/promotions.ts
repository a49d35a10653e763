/** Promotions in words. Pure. */
import type { StoredPromotion } from '../../../store/index.ts';
import type { SuiteComparison } from '../../../domain/words/promotion.ts';
import type { AliasView, PromotionDetails } from '../../promotion/promotions.ts';
import { differenceText, percent } from './format.ts';
import { table } from './tables.ts';
import { oneLine } from './text.ts';

/** One change of a promotion. */
export function promotionLine(promotion: StoredPromotion): string {
  const { id, state, reason } = promotion;
  const told = TOLD[state];
  if (told !== undefined) return told(promotion, candidate(promotion));
  return `${id} ${state}${because(reason)}`;
}

type Telling = (promotion: StoredPromotion, candidate: string) => string;

/** The other states speak for themselves. */
const TOLD: Partial<Record<StoredPromotion['state'], Telling>> = {
  waiting: ({ id, alias }, subject) => `${id} waits for its turn: ${subject} to ${alias}`,
  evaluating: ({ id, alias }, subject) => `${id} is before the gate: ${subject} to ${alias}`,
  'awaiting-approval': ({ id, reason }) =>
    `${id} awaits approval${because(reason)}\n  pawl approve ${id}\n  pawl reject ${id} --reason …`,
  promoting: ({ id, reason }) => `${id} passed${because(reason)}`,
  promoted: ({ id, alias, model = '-' }, subject) => `${id} promoted: ${alias} stands for ${subject}, model ${model}`,
};

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${oneLine(reason)}`;
}

export function undoneLines({ undone, champion }: { undone: StoredPromotion; champion: StoredPromotion }): string[] {
  return [
    `${undone.alias} stands for ${candidate(champion)} again (${champion.id}), model ${champion.model ?? '-'}`,
    `deployments serve what they served: pawl rollback DEPLOYMENT ${candidate(champion)}`,
  ];
}

/** An alias: what it stands for, and what was asked of it. */
export function aliasLines({ alias, champion, promotions }: AliasView, width: number): string[] {
  const stands =
    champion === undefined ? 'nothing yet' : `${candidate(champion)} (${champion.id}), ${champion.model ?? '-'}`;
  const rows = promotions.map((promotion) => [
    promotion.id,
    promotion.id === champion?.id ? 'champion' : promotion.state,
    candidate(promotion),
    promotion.comparisons === undefined ? '-' : rival(promotion),
    comparisonText(promotion),
    `${promotion.askedAt.slice(0, 'YYYY-MM-DDThh:mm'.length).replace('T', ' ')} ${promotion.askedBy}`,
    promotion.decidedBy ?? '-',
  ]);
  const head = ['promotion', 'state', 'candidate', 'against', 'better by [95 %]', 'asked', 'decided'];
  const reasons = promotions.flatMap(({ id, state, reason }) =>
    reason === undefined || state === 'promoted' ? [] : [oneLine(`${id}: ${reason}`)],
  );
  return [`${alias} stands for ${stands}`, '', table(head, rows), '', ...wrapped(reasons, width), ''];
}

/** A promotion with everything that is known of it. */
export function promotionLines(promotion: PromotionDetails): string[] {
  const { id, alias, isChampion, identity, model, reason, comparisons = [], events } = promotion;
  return [
    `${id}: ${candidate(promotion)} to ${alias}, ${isChampion ? 'its champion' : promotion.state}`,
    ...(identity === undefined ? [] : [`identity ${identity}`]),
    ...(model === undefined ? [] : [`model ${model}`]),
    ...(comparisons.length === 0 ? [] : [`compared with ${rival(promotion)}`]),
    ...comparisons.map(suiteLine),
    ...(reason === undefined ? [] : [oneLine(reason)]),
    '',
    ...events.map(({ at, event, by, message }) =>
      oneLine(`${at} ${event}${by === undefined ? '' : ` by ${by}`}${message === undefined ? '' : `: ${message}`}`),
    ),
  ];
}

function suiteLine({ suite, metric, candidate: ours, reference, difference, prompts }: SuiteComparison): string {
  const apart = difference === undefined ? '-' : differenceText(difference);
  return (
    `${suite}: ${metric} ${percent(ours.score)} (${ours.evaluation}) against ${percent(reference.score)} ` +
    `(${reference.evaluation}): ${apart} points, ${difference?.pairs ?? 0} of ${prompts} prompts`
  );
}

function candidate({ runId, checkpoint }: StoredPromotion): string {
  return `${runId}@${checkpoint}`;
}

/** What the candidate had to beat. */
function rival({ championBefore = 'its baseline' }: StoredPromotion): string {
  return championBefore;
}

function comparisonText({ comparisons = [] }: StoredPromotion): string {
  const texts = comparisons.map(({ suite, difference }) => `${suite} ${difference ? differenceText(difference) : '-'}`);
  return texts.length === 0 ? '-' : texts.join(', ');
}

/** Reasons are sentences: they break between words. */
function wrapped(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) => {
    const rows: string[] = [];
    for (const word of line.split(' ')) {
      const last = rows.at(-1);
      if (last === undefined || last.length + 1 + word.length > width)
        rows.push(rows.length === 0 ? word : `  ${word}`);
      else rows[rows.length - 1] = `${last} ${word}`;
    }
    return rows;
  });
}
