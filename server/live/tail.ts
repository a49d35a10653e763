/** Looks whether anything happened, once for everybody who follows, however many they are. */
import type { LivePlace } from '../../store/rows/live-records.ts';

const LOOK_MS = 250;

interface Waiting {
  readonly after: LivePlace;
  readonly wake: (changed: boolean) => void;
}

export class Tail {
  readonly #look: () => Promise<LivePlace>;
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(look: () => Promise<LivePlace>) {
    this.#look = look;
  }

  /** Resolves once there is something behind a place; with false after so long, or when nobody listens any more. */
  changed(after: LivePlace, { ms, signal }: { ms: number; signal: AbortSignal }): Promise<boolean> {
    return new Promise((resolve) => {
      const wake = (changed: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        this.#waiting.delete(waiting);
        resolve(changed);
      };
      const giveUp = (): void => wake(false);
      const waiting = { after, wake };
      const timer = setTimeout(giveUp, ms);
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiting);
      if (signal.aborted) giveUp();
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#waiting.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#tell(), LOOK_MS);
  }

  async #tell(): Promise<void> {
    // A store that is away has nothing new; it is asked again.
    const now = await this.#look().catch(() => ({ log: 0, told: 0 }));
    for (const { after, wake } of this.#waiting) if (now.log > after.log || now.told > after.told) wake(true);
    this.#timer = undefined;
    this.#schedule();
  }
}
