/** A bisection: which checkpoint of a run made the score of a suite fall. At most one deployment is rented for it. */
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { nextStep } from '../../domain/decide/bisect-search.ts';
import type { BisectInput, BisectReport, Probe, ProbeStanding, Standing } from '../../domain/words/serving.ts';
import type { Evaluation } from '../../domain/words/evaluation.ts';
import type { Place } from '../../domain/words/place.ts';
import { probesQuery } from '../run/messages.ts';
import { appraiseOn, rentDeployment, returnDeployment, serving, type RentedDeployment } from './serving.ts';

const REASON = 'a search for the checkpoint that made the score fall';

export async function bisect(input: BisectInput): Promise<BisectReport> {
  const machine = new Machine(input);
  const probes: Probe[] = [];
  setHandler(probesQuery, () => probes);
  let report: BisectReport;
  try {
    report = await search(input, machine, probes);
  } catch (error) {
    await machine.giveBack();
    throw error;
  }
  const deploymentState = await machine.giveBack();
  return { ...report, ...(deploymentState !== undefined && { deploymentState }) };
}

interface Found {
  readonly evaluation: Evaluation;
  readonly drawn: boolean;
}

async function search(input: BisectInput, machine: Machine, probes: Probe[]): Promise<BisectReport> {
  const { runId, checkpoints, looks } = input;
  const standings = new Map<number, Standing>();
  const note = (index: number, found: Found, standing: ProbeStanding): void => {
    const { name, step } = checkpointAt(input, index);
    standings.set(index, standing.standing);
    probes.push({ checkpoint: name, step, ...found, ...standing });
  };
  const good = await machine.evaluated(0);
  note(0, good, { standing: 'held' });
  const last = checkpoints.length - 1;
  const bad = await machine.evaluated(last);
  for (;;) {
    const next = nextStep(checkpoints.length, standings);
    if (next.kind !== 'probe') {
      const { kind, lastGood, firstBad } = next;
      const names = { lastGood: checkpointAt(input, lastGood).name, firstBad: checkpointAt(input, firstBad).name };
      return { runId, outcome: kind, ...names, probes };
    }
    const found = next.index === last ? bad : await machine.evaluated(next.index);
    const ids = { good: good.evaluation.id, bad: bad.evaluation.id, probe: found.evaluation.id };
    note(next.index, found, await serving.standing({ ...ids, ...(looks !== undefined && { looks }) }));
  }
}

/** Evaluates what was not evaluated before, on one deployment that is rented when it is first needed. */
class Machine {
  readonly #input: BisectInput;
  #rented: Place | undefined;
  #deployment: RentedDeployment | undefined;

  constructor(input: BisectInput) {
    this.#input = input;
  }

  async evaluated(index: number): Promise<Found> {
    const { bisectId, runId, suite } = this.#input;
    const { name, evaluation } = checkpointAt(this.#input, index);
    if (evaluation !== undefined) return { evaluation, drawn: false };
    const subject = { runId, checkpoint: name };
    const servable = await serving.openCheckpoint(subject);
    this.#rented = servable.plan;
    this.#deployment ??= await rentDeployment({ runId, deploymentId: bisectId }, servable);
    const request = { appraisalId: bisectId, subject, suite, reason: REASON };
    const found = await appraiseOn(this.#deployment, servable, request);
    return { evaluation: found.evaluation, drawn: true };
  }

  async giveBack(): Promise<string | undefined> {
    return this.#rented && returnDeployment(this.#input.bisectId, this.#rented);
  }
}

function checkpointAt({ checkpoints }: BisectInput, index: number): BisectInput['checkpoints'][number] {
  const checkpoint = checkpoints[index];
  if (checkpoint === undefined)
    throw ApplicationFailure.nonRetryable('a search needs two checkpoints', 'InvalidRequest');
  return checkpoint;
}
