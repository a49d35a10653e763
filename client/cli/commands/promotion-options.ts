/** What the commands on promotions have in common: durations, and how the outcome becomes an exit code. */
import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { StoredPromotion } from '../../../store/index.ts';
import { PROMOTION_ALIAS } from '../../../domain/spec/promotion-spec.ts';
import type { Output } from '../output.ts';
import { promotionLine } from '../render/promotions.ts';
import type { Runs } from '../../runs/runs.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

export function aliasName(text: string): string {
  if (PROMOTION_ALIAS.test(text)) return text;
  throw new InvalidArgumentError('Use 1 to 31 lower-case letters, digits and hyphens, e.g. prod.');
}

const HOURS: Readonly<Record<string, number>> = { s: 1 / 3600, m: 1 / 60, h: 1, d: 24 };

export function hours(text: string): number {
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
  const value = Number(count) * (HOURS[unit] ?? Number.NaN);
  if (value > 0) return value;
  throw new InvalidArgumentError('Give a duration such as 30m, 24h or 7d.');
}

export async function noteMissingWorker(runs: Runs, output: Output): Promise<void> {
  const nobody = await runs.missingWorker();
  if (nobody !== undefined) output.note(`${nobody}; what was asked for waits until one does`);
}

/** Tells every change until the promotion is settled, or awaits approval and that is where this command ends. */
export async function followPromotion(
  runs: Runs,
  {
    id,
    output,
    format,
    until,
    told,
  }: {
    id: string;
    output: Output;
    format: 'table' | 'json';
    until?: 'awaiting-approval';
    /** A state that the person has seen. */
    told?: 'awaiting-approval';
  },
): Promise<ExitCode> {
  let last: StoredPromotion | undefined;
  await noteMissingWorker(runs, output);
  for await (const promotion of runs.promotions.follow(id, until === undefined ? {} : { until })) {
    last = promotion;
    if (format === 'table' && promotion.state !== told) output.print(promotionLine(promotion));
  }
  if (format === 'json') output.printJson(last);
  return last?.state === 'promoted' || last?.state === until ? EXIT.ok : EXIT.failed;
}
