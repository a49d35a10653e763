/** Carries out a plan of faults, each when so many requests have passed; says what it did. */
import type { Fault, FaultKind } from './faults.ts';
import type { DisturbedStack } from './stack.ts';
import type { Exchange, Fate } from './wire.ts';

/** Longer than a heartbeat's time-out: by then Temporal has given the work to somebody else. */
const ZOMBIE_MIN_MS = 7_000;
/** Requests of others after that, which show that they took over. */
const ZOMBIE_OTHERS = 3;
const ZOMBIE_MAX_MS = 30_000;

interface Zombie {
  readonly worker: string;
  readonly pid: number;
  readonly sinceMs: number;
  others: number;
}

export interface AdversaryReport {
  /** How often each kind was done. */
  readonly done: ReadonlyMap<FaultKind, number>;
  readonly planned: number;
  /** Requests that counted, over all workers. */
  readonly requests: number;
}

const PASSES: Fate = {};

export class Adversary {
  readonly #stack: DisturbedStack;
  readonly #runId: string;
  readonly #plan: readonly Fault[];
  readonly #endpoints: readonly string[];
  readonly #log: (message: string) => void;
  readonly #done = new Map<FaultKind, number>();
  readonly #zombies = new Set<Zombie>();
  /** Faults whose victim was not there when they fell due. */
  readonly #waiting: Fault[] = [];
  #next = 0;
  #passed = 0;
  #requests = 0;

  constructor(options: {
    stack: DisturbedStack;
    runId: string;
    plan: readonly Fault[];
    endpoints: readonly string[];
    log: (message: string) => void;
  }) {
    this.#stack = options.stack;
    this.#runId = options.runId;
    this.#plan = options.plan;
    this.#endpoints = options.endpoints;
    this.#log = options.log;
  }

  report(): AdversaryReport {
    return { done: this.#done, planned: this.#plan.length, requests: this.#requests };
  }

  /** What becomes of this request. */
  fate(exchange: Exchange): Fate {
    if (!counts(exchange, this.#endpoints)) return PASSES;
    this.#requests += 1;
    this.#noticeOthers(exchange.worker);
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return this.#commit(waiting, exchange);
    const fault = this.#plan[this.#next];
    if (fault === undefined || this.#passed < fault.gap) {
      this.#passed += 1;
      return PASSES;
    }
    this.#next += 1;
    this.#passed = 0;
    return this.#commit(fault, exchange);
  }

  /** Lets every stopped worker go on. */
  release(): void {
    for (const zombie of this.#zombies) this.#wake(zombie);
  }

  #commit(fault: Fault, exchange: Exchange): Fate {
    switch (fault.kind) {
      case 'lost request':
        this.#note(fault, exchange);
        return { deliver: false };
      case 'lost reply':
        this.#note(fault, exchange);
        return { reply: 'lost' };
      case 'torn reply':
        this.#note(fault, exchange);
        return { reply: 'torn' };
      case 'delay':
        this.#note(fault, exchange);
        return { delayMs: fault.ms };
      case 'worker':
      case 'temporal':
      case 'trainer':
      case 'replica':
      case 'zombie':
      case 'partition':
        return { [fault.moment]: () => this.#strike(fault, exchange) };
      default:
        return fault.kind satisfies never;
    }
  }

  /** Where the victim is not there, the next request is this fault's. */
  async #strike(fault: Fault, exchange: Exchange): Promise<void> {
    if (await this.#hit(fault, exchange)) this.#note(fault, exchange);
    else this.#waiting.push(fault);
  }

  async #hit({ kind, ms }: Fault, { worker }: Exchange): Promise<boolean> {
    if (kind === 'worker') return kill(this.#stack.pid(worker));
    if (kind === 'temporal') return kill(this.#stack.pid('temporal'));
    if (kind === 'zombie') return this.#stun(worker);
    if (kind === 'partition') return this.#partition(ms);
    const { trainers, replicas } = (await this.#stack.ledger()).processes;
    return kill(kind === 'trainer' ? this.#ours(trainers) : this.#ours(replicas)?.[0]);
  }

  /** Of the machines that this run has now, under whichever lease. */
  #ours<T>(byId: Readonly<Record<string, T>>): T | undefined {
    return Object.entries(byId).find(([id]) => id.startsWith(this.#runId))?.[1];
  }

  #partition(ms: number): boolean {
    for (const wire of this.#stack.wires) wire.cut();
    setTimeout(() => {
      for (const wire of this.#stack.wires) wire.mend();
    }, ms);
    return true;
  }

  #stun(worker: string): boolean {
    const pid = this.#stack.pid(worker);
    if (pid === undefined || !signalTo(pid, 'SIGSTOP')) return false;
    const zombie: Zombie = { worker, pid, sinceMs: performance.now(), others: 0 };
    this.#zombies.add(zombie);
    setTimeout(() => this.#wake(zombie), ZOMBIE_MAX_MS).unref();
    return true;
  }

  #noticeOthers(worker: string): void {
    for (const zombie of this.#zombies) {
      if (zombie.worker === worker || performance.now() - zombie.sinceMs < ZOMBIE_MIN_MS) continue;
      zombie.others += 1;
      if (zombie.others >= ZOMBIE_OTHERS) this.#wake(zombie);
    }
  }

  #wake(zombie: Zombie): void {
    if (!this.#zombies.delete(zombie)) return;
    if (signalTo(zombie.pid, 'SIGCONT')) this.#log(`${zombie.worker} wakes up, after it was replaced`);
  }

  #note(fault: Fault, { worker, path }: Exchange): void {
    this.#done.set(fault.kind, (this.#done.get(fault.kind) ?? 0) + 1);
    const moment = fault.kind === 'delay' ? `${fault.ms} ms` : fault.moment;
    const count = [...this.#done.values()].reduce((sum, times) => sum + times, 0);
    this.#log(`${count}/${this.#plan.length} ${fault.kind} (${moment}) at ${worker}’s ${path.split('/').at(-1)}`);
  }
}

/**
 * Requests that a run makes because it goes on; beats and polls of a state come with the clock. `endpoints`: only these
 * count; none named: all.
 */
export function counts({ method, path }: Exchange, endpoints: readonly string[]): boolean {
  if (method !== 'POST' || path.endsWith('/session_heartbeat')) return false;
  return endpoints.length === 0 || endpoints.some((endpoint) => path.endsWith(`/${endpoint}`));
}

function kill(pid: number | undefined): boolean {
  return pid !== undefined && pid > 0 && signalTo(pid, 'SIGKILL');
}

function signalTo(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
