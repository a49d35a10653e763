/** What a stack runs: published in its file whenever it changes, stopped in reverse order of start. */
import { messageOf } from '../errors.ts';
import { markOf } from './process-mark.ts';
import type { StackClaim, StackInfo } from './stack-file.ts';

/** A part that is kept running; parts of one tier stop together. */
export interface Part {
  readonly name: string;
  /** Higher tiers depend on lower ones, and stop first. */
  readonly tier: number;
  readonly logFile: string;
  pid(): number | undefined;
  stop(): Promise<void>;
}

type Addresses = Pick<StackInfo, 'temporalAddress' | 'temporalUiUrl' | 'sandboxUrl' | 'apiUrl'>;
type Changes = Addresses & Partial<Pick<StackInfo, 'state' | 'taskQueue'>>;

export class Roster {
  readonly #claim: StackClaim;
  readonly #say: (message: string) => void;
  readonly #parts: Part[] = [];
  #info: StackInfo;
  #published: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(claim: StackClaim, info: StackInfo, say: (message: string) => void) {
    this.#claim = claim;
    this.#info = info;
    this.#say = say;
  }

  add(part: Part): void {
    this.#parts.push(part);
    this.publish();
  }

  /** Makes the present addresses, state and process ids known to other commands. */
  publish(change: Changes = {}): void {
    this.#info = { ...this.#info, ...change };
    this.#published = this.#published
      .then(() => this.#claim.write(this.info()))
      .catch((error: unknown) => this.#say(`stack.json could not be written: ${messageOf(error)}`));
  }

  info(): StackInfo {
    const pids = this.#parts.map((part) => [part.name, part.pid()] as const);
    const running = pids.filter((entry): entry is [string, number] => entry[1] !== undefined);
    const marks = running.map(([name, pid]) => [name, markOf(pid)] as const);
    return {
      ...this.#info,
      processes: Object.fromEntries(running),
      marks: Object.fromEntries(marks.filter((entry): entry is [string, string] => entry[1] !== undefined)),
      logs: Object.fromEntries(this.#parts.map((part) => [part.name, part.logFile])),
    };
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    this.publish({ state: 'stopping' });
    const tiers = [...new Set(this.#parts.map((part) => part.tier))].sort((a, b) => b - a);
    for (const tier of tiers) {
      await Promise.all(this.#parts.filter((part) => part.tier === tier).map((part) => part.stop()));
    }
    await this.#published;
    await this.#claim.release();
  }
}
