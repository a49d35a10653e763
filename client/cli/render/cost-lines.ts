/** Costs as a table: what was rented, what of it served for nothing, and a sum. Pure. */
import type { Costs } from '../../../domain/decide/costs.ts';
import type { CostReport, CostsBy } from '../../money/costs.ts';
import { durationText } from './format.ts';
import { table } from './tables.ts';

export function costLines({ groups, totals }: CostReport, by: CostsBy): string[] {
  if (groups.length === 0) return ['nothing was rented'];
  const head = [by, 'runs', 'trainers', 'deployments', 'cost', 'alone', 'rewound', 'stopped trials'];
  const rows = [
    ...groups.map(({ group, ...costs }) => rowOf(group, costs)),
    ...totals.map((costs) => rowOf('all', costs)),
  ];
  return [
    table(head, rows),
    '',
    'alone: deployments while their run had no trainer. rewound: trained again after a trainer was lost. Both are part of the cost,',
    'as is what trials came to that a rule of their sweep stopped.',
    ...(totals.every(({ cost }) => cost === 0)
      ? ['No experiment states prices: set prices.trainerPerHour and prices.replicaPerHour.']
      : []),
  ];
}

function rowOf(group: string, costs: Costs): string[] {
  const { runs, trainerHours, deploymentHours, cost, aloneHours, aloneCost, rewoundHours, rewoundCost } = costs;
  const money = (amount: number): string => `${amount.toFixed(2)} ${costs.currency}`;
  const waste = (hours: number, amount: number): string =>
    hours === 0 ? '-' : `${durationText(hours * 3_600)}${amount === 0 ? '' : `, ${money(amount)}`}`;
  return [
    group,
    String(runs),
    durationText(trainerHours * 3_600),
    durationText(deploymentHours * 3_600),
    money(cost),
    waste(aloneHours, aloneCost),
    waste(rewoundHours, rewoundCost),
    costs.stoppedCost === 0 ? '-' : money(costs.stoppedCost),
  ];
}
