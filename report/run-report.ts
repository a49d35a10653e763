/** What a run came to: its outcome, the evidence for each decision, its money, and the proof that nothing is left rented. */
import { stringify } from 'yaml';
import { rentOf } from '../domain/decide/rent.ts';
import { MAIN_SUITE } from '../domain/words/names.ts';
import type { StoredCheckpoint, StoredRun, StoreReader } from '../store/index.ts';
import { facts, heading, table, text, type Block, type ReportDocument } from './document.ts';
import { differenceText, hoursText, moneyText, scoreText, timeText } from './numbers.ts';
import { leaseBlocks, promotionBlocks } from './serving-blocks.ts';

/** A report is read, not searched: of longer runs the last ones. */
const CHECKPOINTS = 200;
const SPANS = 200;
const LOG_LINES = 1_000;
const WARNINGS = 40;

/** `nowMs`: of what is still rented. Fails where the run is not known. */
export async function runReport(store: StoreReader, runId: string, nowMs: number): Promise<ReportDocument> {
  const run = await store.getRun(runId);
  const id = run.runId;
  const checkpoints = await store.newestCheckpoints(id, { limit: CHECKPOINTS });
  const count = await store.countCheckpoints(id);
  const { direction, suite = MAIN_SUITE } = run.spec.policy;
  const best = await store.checkpointAt(id, {
    kind: 'best',
    direction,
    ...(suite !== MAIN_SUITE && { suite }),
  });
  return {
    title: `${id}: ${run.outcome}`,
    blocks: [
      ...outcomeBlocks(run, best, nowMs),
      ...(await curveBlocks(store, id, checkpoints)),
      ...decisionBlocks(checkpoints, count),
      ...(await troubleBlocks(store, id)),
      ...(await moneyBlocks(store, run, nowMs)),
      ...(await promotionBlocks(store, id)),
      ...reproductionBlocks(run, best),
      ...(await leaseBlocks(store, [id])),
    ],
  };
}

function outcomeBlocks(run: StoredRun, best: StoredCheckpoint | undefined, nowMs: number): Block[] {
  const { outcome, reason = '', step, generation, spec, plan, parent, createdAt, updatedAt } = run;
  const over = !['pending', 'running', 'cancelling'].includes(outcome);
  const hours = ((over ? Date.parse(updatedAt) : nowMs) - Date.parse(createdAt)) / 3_600_000;
  const steps = plan?.steps ?? spec.train.steps;
  return [
    facts([
      ['outcome', outcome],
      ['why', reason === '' ? undefined : reason],
      ['steps', `${step} of ${steps === 0 ? 'a number not known yet' : steps}`],
      ['rewinds', String(Math.max(0, generation - 1))],
      ['began', `${timeText(createdAt)} UTC`],
      [over ? 'ended' : 'last word', `${timeText(updatedAt)} UTC, after ${hoursText(hours)}`],
      ['branch of', parent && `${parent.runId} at step ${parent.step}`],
      ...bestFacts(best),
    ]),
  ];
}

/** The comparison that matters is with what there was before. */
function bestFacts(best: StoredCheckpoint | undefined): (readonly [string, string | undefined])[] {
  if (best?.evaluation === undefined) return [];
  const { checkpoint, evaluation, overBaseline, overParent } = best;
  return [
    ['best', `${checkpoint.name}: ${evaluation.metric} ${scoreText(evaluation)}`],
    ['best against its baseline', overBaseline && differenceText(overBaseline)],
    ['best against the run it is a branch of', overParent && differenceText(overParent)],
  ];
}

async function curveBlocks(
  store: StoreReader,
  runId: string,
  checkpoints: readonly StoredCheckpoint[],
): Promise<Block[]> {
  const spans = await store.stepSpans(runId, { spans: SPANS });
  const loss = spans.flatMap(({ toStep, lossMean }) =>
    lossMean === undefined ? [] : [{ x: toStep, y: lossMean.mean }],
  );
  const scored = checkpoints.flatMap(({ evaluation }) => evaluation ?? []);
  const [first] = scored;
  const scores = scored.map(({ step, score, low, high }) => ({ x: step, y: score, low, high }));
  const metric = first?.metric ?? '';
  return [
    heading('Curves'),
    ...(loss.length < 2 ? [text('No step was recorded.')] : []),
    {
      kind: 'curve',
      curve: { title: 'loss per step', xName: 'step', points: loss, format: (value) => value.toFixed(3) },
    },
    {
      kind: 'curve',
      curve: {
        title: `${metric} per checkpoint, with its 95 % interval`,
        xName: 'step',
        points: scores,
        format: (value) => `${(value * 100).toFixed(1)} %`,
      },
    },
  ];
}

/** A verdict stands beside what it rests on. */
function decisionBlocks(checkpoints: readonly StoredCheckpoint[], count: number): Block[] {
  const rows = checkpoints.map(({ checkpoint, evaluation, suites = [], verdict, overPrevious }) => [
    String(checkpoint.step),
    `${checkpoint.snapshotType} ${checkpoint.identity}`,
    evaluation === undefined ? '-' : scoreText(evaluation),
    evaluation === undefined
      ? '-'
      : `${evaluation.samples}${evaluation.missing > 0 ? `, ${evaluation.missing} missing` : ''}`,
    suites.map((one) => `${one.suite ?? ''} ${scoreText(one)}`).join('; ') || '-',
    overPrevious === undefined ? '-' : differenceText(overPrevious),
    verdict === undefined ? '-' : `${verdict.kind}: ${verdict.reason}`,
  ]);
  const left = count - checkpoints.length;
  return [
    heading('Decisions'),
    ...(left > 0 ? [text(`The last ${checkpoints.length} of ${count} checkpoints.`)] : []),
    table(
      ['step', 'weights', 'score [95 %]', 'samples', 'further suites', 'against the one before', 'verdict'],
      rows,
      'Nothing was decided: no checkpoint was evaluated.',
    ),
  ];
}

async function troubleBlocks(store: StoreReader, runId: string): Promise<Block[]> {
  const rewinds = await store.rewinds(runId);
  const log = await store.newestEvents(runId, { limit: LOG_LINES });
  const warnings = log.filter(({ level, key }) => level !== 'info' && !key.startsWith('rewind/')).slice(-WARNINGS);
  return [
    heading('Rewinds, voids and warnings'),
    table(
      ['generation', 'from step', 'to step', 'lost', 'cost', 'cause'],
      rewinds.map(({ generation, fromStep, toStep, seconds, cost, cause }) => [
        String(generation),
        String(fromStep),
        String(toStep),
        `${seconds.toFixed(0)} s`,
        cost.toFixed(2),
        cause,
      ]),
      'Nothing was trained twice.',
    ),
    table(
      ['at (UTC)', 'what'],
      warnings.map(({ at, message }) => [timeText(at), message]),
      'There was no warning.',
    ),
  ];
}

async function moneyBlocks(
  store: StoreReader,
  { runId, spec, reason = '' }: StoredRun,
  nowMs: number,
): Promise<Block[]> {
  const { prices, budget } = spec;
  const { hours, cost } = rentOf(await store.leases(runId), spec, nowMs);
  const wasted = (await store.rewinds(runId)).reduce((sum, rewind) => sum + rewind.cost, 0);
  const free = prices.trainerPerHour === 0 && prices.replicaPerHour === 0;
  const left = /left unspent: (.*)$/.exec(reason)?.[1];
  const limits = Object.entries(budget).map(([name, limit]) => `${name} ${String(limit)}`);
  return [
    heading('Money'),
    facts([
      ['trainers rented', hoursText(hours)],
      ['all machines', free ? 'no prices are stated' : moneyText(cost, prices.currency)],
      ['of it for steps trained again', free ? undefined : moneyText(wasted, prices.currency)],
      ['budget', limits.length === 0 ? 'none' : limits.join(', ')],
      ['left of it', left],
    ]),
  ];
}

function reproductionBlocks({ runId, spec, plan }: StoredRun, best: StoredCheckpoint | undefined): Block[] {
  return [
    heading('How to reproduce it'),
    facts([
      ['the same weights, asked again', best && `pawl reproduce ${runId}@${best.checkpoint.name}`],
      ['the same run', 'write the experiment below into a file, and: pawl run FILE'],
      ['training data', plan && `sha256 ${plan.dataset}, ${plan.examples} examples`],
      ['prompts', plan && `sha256 ${plan.promptSet}, ${plan.prompts}`],
      ['shape', plan?.shape.reference],
      ['base model', plan?.baseModel],
      ['rented at', plan && `${plan.platform} (account ${plan.account})`],
    ]),
    { kind: 'code', text: stringify(spec, { aliasDuplicateObjects: false }) },
  ];
}
