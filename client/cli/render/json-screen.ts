/** A run for programs: one JSON object a line for every change, told apart by `event`. */
import type { RunChange } from '../../runs/run-changes.ts';
import type { RunScreen } from './run-screen.ts';

export class JsonScreen implements RunScreen {
  readonly #print: (value: unknown) => void;

  constructor(print: (value: unknown) => void) {
    this.#print = print;
  }

  show(change: RunChange): void {
    switch (change.kind) {
      case 'progress': {
        const { runId, outcome, status, latest } = change.view;
        this.#print({ event: 'progress', runId, outcome, ...(status && { status }), ...(latest && { latest }) });
        break;
      }
      case 'checkpoint':
        this.#print({ event: 'checkpoint', ...change.checkpoint });
        break;
      case 'waiting':
        this.#print({ event: 'waiting', ...change.waiting });
        break;
      case 'end':
        // The result follows, with everything that was recorded.
        break;
    }
  }

  note(text: string): void {
    this.#print({ event: 'note', message: text });
  }

  close(): void {
    // Nothing is held.
  }
}
