/** What a sweep came to: its winner and how much of it may be luck, every trial, and why each was stopped. */
import { stringify } from 'yaml';
import { flattery } from '../domain/decide/flattery.ts';
import { rentOf } from '../domain/decide/rent.ts';
import type { StoreReader } from '../store/index.ts';
import type { StoredSweep, StoredTrial } from '../store/rows/sweep-records.ts';
import { toTrialScore } from '../store/rows/trial-facts.ts';
import { facts, heading, table, type Block, type ReportDocument } from './document.ts';
import { hoursText, moneyText, timeText, valueOf } from './numbers.ts';
import { leaseBlocks } from './serving-blocks.ts';

/** Of more trials the machines are not listed one by one. */
const LISTED = 200;

export async function sweepReport(store: StoreReader, sweep: StoredSweep, nowMs: number): Promise<ReportDocument> {
  const { sweepId, outcome, experiment } = sweep;
  const trials = await store.trials(sweepId);
  const runIds = trials.map(({ runId }) => runId);
  const leases = await store.leasesOf(runIds);
  const rents = trials.map(({ runId, planned }) => rentOf(leases.get(runId) ?? [], planned.run.spec, nowMs));
  const cost = rents.reduce((sum, rent) => sum + rent.cost, 0);
  const stopped = rents.reduce((sum, rent, index) => sum + (trials[index]?.state === 'stopped' ? rent.cost : 0), 0);
  const hours = rents.reduce((sum, rent) => sum + rent.hours, 0);
  const { prices } = experiment;
  const limits = Object.entries(sweep.spec.budget).map(([name, limit]) => `${name} ${String(limit)}`);
  return {
    title: `${sweepId}: ${outcome}`,
    blocks: [
      ...outcomeBlocks(sweep, trials),
      ...trialBlocks(sweep, trials),
      heading('Money'),
      facts([
        ['trainers rented', hoursText(hours)],
        ['all machines', cost === 0 ? 'no prices are stated' : moneyText(cost, prices.currency)],
        ['of it for trials that were stopped', cost === 0 ? undefined : moneyText(stopped, prices.currency)],
        ['budget', limits.length === 0 ? 'none' : limits.join(', ')],
      ]),
      heading('How to reproduce it'),
      facts([
        ['the same sweep', 'write the file below, and: pawl sweep run FILE; the same seed proposes the same trials'],
        ['other rules of stopping', `pawl sweep replay ${sweepId} --set stopEarly.reduction=4`],
      ]),
      { kind: 'code', text: stringify({ ...sweep.spec, experiment }, { aliasDuplicateObjects: false }) },
      ...(await leaseBlocks(store, runIds.slice(0, LISTED))),
    ],
  };
}

function outcomeBlocks(
  { reason, outcome, suite, goal, best, spec, createdAt, updatedAt }: StoredSweep,
  trials: readonly StoredTrial[],
): Block[] {
  const last = trials.flatMap(({ scores }) => scores.slice(-1).map(toTrialScore));
  const lucky = flattery(last);
  const count = (state: StoredTrial['state']): number => trials.filter((trial) => trial.state === state).length;
  return [
    facts([
      ['outcome', outcome],
      ['why', reason],
      ['search', `${spec.method} over ${Object.keys(spec.parameters).join(', ')}; ${goal} ${suite}; seed ${spec.seed}`],
      [
        'trials',
        `${trials.length}: ${count('finished')} finished, ${count('stopped')} stopped early, ${count('failed')} failed`,
      ],
      ['began', `${timeText(createdAt)} UTC`],
      ['last word', `${timeText(updatedAt)} UTC`],
      [
        'winner',
        best &&
          `trial ${best.number}, ${best.runId}@${best.checkpoint}: ${valueOf(suite, best.score)} at step ${best.step}`,
      ],
      [
        'luck in it',
        lucky &&
          `of ${lucky.of} equally good trials the best would seem better by up to ${valueOf(suite, lucky.most)} by luck alone`,
      ],
    ]),
  ];
}

function trialBlocks({ suite }: StoredSweep, trials: readonly StoredTrial[]): Block[] {
  const names = [...new Set(trials.flatMap(({ planned }) => Object.keys(planned.parameters)))];
  const points = trials.flatMap(({ number, scores }) => {
    const last = scores.at(-1);
    return last === undefined ? [] : [{ x: number, y: last.score, low: last.low, high: last.high }];
  });
  const rows = trials.map(({ number, runId, state, planned, scores, reason, runReason }) => {
    const last = scores.at(-1);
    return [
      String(number),
      runId,
      state,
      ...names.map((name) => valueText(planned.parameters[name])),
      last === undefined ? '-' : String(last.step),
      last === undefined
        ? '-'
        : `${valueOf(suite, last.score)} [${valueOf(suite, last.low)}, ${valueOf(suite, last.high)}]`,
      reason ?? runReason ?? '',
    ];
  });
  return [
    heading('Trials'),
    {
      kind: 'curve',
      curve: {
        title: `last ${suite} of each trial, with its 95 % interval`,
        xName: 'trial',
        points,
        format: (value) => valueOf(suite, value),
      },
    },
    table(['trial', 'run', 'state', ...names, 'step', 'score [95 %]', 'why it ended'], rows, 'No trial was proposed.'),
  ];
}

function valueText(value: unknown): string {
  if (value === undefined) return '-';
  if (typeof value === 'number' && !Number.isInteger(value)) return value.toPrecision(4);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
