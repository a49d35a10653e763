/** Runs that are held at a request of theirs: each stands where the table of phases says, for as long as it takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DisturbedStack } from '../../../chaos/stack.ts';
import type { Exchange, Fate } from '../../../chaos/wire.ts';

/** How many steps a run trains, and after how many it saves. */
export const STEPS = 8;
export const EVERY = 4;

/** What a run has asked for so far. */
interface Progress {
  optimSteps: number;
  loadsAfterTheLastStep: number;
}

/** The request that a run is held at, before the platform sees it. */
type HeldAt = (exchange: Exchange, progress: Progress) => boolean;

const PHASES = {
  /** The shape is resolved while a run is planned; no request of it names the run. */
  planning: ({ path }) => path.includes('/trainingShapes/'),
  /** The trainer is rented; the deployment's lease is planned. */
  provisioning: ({ method, path }) => method === 'POST' && path.includes('/deployments?'),
  training: ({ path }, { optimSteps }) => isOptimStep(path) && optimSteps === 3,
  /** Of the checkpoint in the middle, beside training. */
  proving: (exchange, { optimSteps }) => isSample(exchange) && optimSteps >= EVERY,
  finishing: (exchange, { loadsAfterTheLastStep }) => isSample(exchange) && loadsAfterTheLastStep > 0,
  /** As training; and it is to stop at once, as soon as the trouble has begun. */
  stopped: ({ path }, { optimSteps }) => isOptimStep(path) && optimSteps === 3,
  returning: ({ method, path }) => method === 'DELETE' && path.includes('/rlorTrainerJobs/'),
} satisfies Record<string, HeldAt>;

export type Phase = keyof typeof PHASES;
export const PHASE_NAMES = Object.keys(PHASES) as readonly Phase[];

function isOptimStep(path: string): boolean {
  return path.endsWith('/optim_step');
}

/** Whether a deployment answers at all is asked without an id. */
function isSample({ path, headers }: Exchange): boolean {
  return path.endsWith('/completions') && headers['x-request-id'] !== undefined;
}

function isCreation({ method, path }: Exchange): boolean {
  return method === 'POST' && path.includes('/rlorTrainerJobs?');
}

class Gate {
  readonly #opened: Promise<void>;
  #open: () => void = () => undefined;
  reached = false;
  isOpen = false;

  constructor() {
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.isOpen = true;
    this.#open();
  }

  hold(): Promise<void> {
    this.reached = true;
    return this.#opened;
  }

  async untilReached(): Promise<void> {
    while (!this.reached) await sleep(20);
  }
}

interface Held {
  readonly phase: Phase;
  /** Before its trainer is asked for, so that a copy of the store can be made of that moment. */
  readonly planned: Gate;
  readonly gate: Gate;
  readonly progress: Progress;
  runId?: string;
}

/** Holds runs of one stack: each one at its phase. */
export class Holds {
  readonly #held: Held[] = [];

  constructor(stack: DisturbedStack) {
    stack.fate = (exchange) => this.#fateOf(exchange);
  }

  /** To be called before the run is submitted. */
  expect(phase: Phase): { readonly named: (runId: string) => void } & Pick<Held, 'planned' | 'gate'> {
    const progress = { optimSteps: 0, loadsAfterTheLastStep: 0 };
    const held: Held = { phase, planned: new Gate(), gate: new Gate(), progress };
    this.#held.push(held);
    return { planned: held.planned, gate: held.gate, named: (runId) => (held.runId = runId) };
  }

  /** Lets every run go on, whatever became of whoever held it. */
  open(): void {
    for (const { planned, gate } of this.#held) {
      planned.open();
      gate.open();
    }
  }

  #fateOf(exchange: Exchange): Fate {
    const held = this.#held.find((one) => isOf(one, exchange));
    if (held === undefined) return {};
    const { phase, planned, gate, progress } = held;
    const holds: HeldAt = PHASES[phase];
    if (isCreation(exchange) && !planned.isOpen) return { before: () => planned.hold() };
    const isHeld = !gate.isOpen && holds(exchange, progress);
    // A request that is repeated while it is held is no other step.
    if (isOptimStep(exchange.path) && !(isHeld && gate.reached)) progress.optimSteps += 1;
    if (exchange.path.includes('/hot_load') && exchange.method === 'POST' && progress.optimSteps >= STEPS) {
      progress.loadsAfterTheLastStep += 1;
    }
    return isHeld ? { before: () => gate.hold() } : {};
  }
}

function isOf({ runId, phase, gate }: Held, exchange: Exchange): boolean {
  if (phase === 'planning' && !gate.isOpen && PHASES.planning(exchange)) return true;
  if (runId === undefined) return false;
  return [exchange.path, JSON.stringify(exchange.headers), exchange.body.toString()].some((text) =>
    text.includes(runId),
  );
}
