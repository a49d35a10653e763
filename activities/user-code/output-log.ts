/** What users' code prints, kept for the run's log: the beginning of it, once per evaluation, window or plan. */
import type { Store } from '../../store/index.ts';

export interface OutputLog {
  readonly onOutput: (text: string) => void;
  /** Writes what was printed meanwhile, however it ended; nothing where nothing was. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

const MOST_CHARACTERS = 16_000;

/** `key` makes it one entry however often the activity is repeated. */
export function openOutputLog(
  store: Pick<Store, 'addEvent'>,
  runId: string,
  { key, phase, of }: { key: string; phase: 'plan' | 'train' | 'evaluate'; of: string },
): OutputLog {
  let kept = '';
  let printed = 0;
  return {
    onOutput(text) {
      printed += text.length;
      if (kept.length < MOST_CHARACTERS) kept = (kept + text).slice(0, MOST_CHARACTERS);
    },
    async during(work) {
      try {
        return await work();
      } finally {
        await flush();
      }
    },
  };

  async function flush(): Promise<void> {
    if (printed === 0) return;
    const more = printed > kept.length ? `… (the first ${kept.length} of ${printed} characters)` : '';
    const message = `${of} printed: ${kept.trimEnd()}${more}`;
    await store.addEvent(runId, { key: `output/${key}`, at: new Date().toISOString(), phase, level: 'info', message });
  }
}
