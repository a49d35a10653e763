/** A run in a log: one line, with its time, for each thing worth telling. */
import type { RunChange } from '../../runs/run-changes.ts';
import { progressOf, type RunView } from '../../runs/run-view.ts';
import type { Colours } from './colours.ts';
import { activityText, checkpointLine, paceParts, waitingText } from './run-lines.ts';
import type { RunScreen } from './run-screen.ts';

/** Steps are told of about this often in a whole run. */
const STEP_LINES = 20;

export interface PlainScreenOptions {
  readonly print: (line: string) => void;
  readonly now: () => Date;
  readonly colours: Colours;
}

export class PlainScreen implements RunScreen {
  readonly #options: PlainScreenOptions;
  #activity = '';
  #step = 0;
  #waiting = '';

  constructor(options: PlainScreenOptions) {
    this.#options = options;
  }

  show(change: RunChange): void {
    switch (change.kind) {
      case 'checkpoint':
        this.note(checkpointLine(change.checkpoint, this.#options.colours));
        break;
      case 'waiting':
        // A count that goes up says nothing new.
        if (change.waiting.message === this.#waiting) break;
        this.#waiting = change.waiting.message;
        this.note(waitingText(change.waiting));
        break;
      case 'progress':
        if (change.view.waiting === undefined) this.#waiting = '';
        this.#progress(change.view);
        break;
      case 'end':
        break;
    }
  }

  note(text: string): void {
    const time = this.#options.now().toTimeString().slice(0, 'hh:mm:ss'.length);
    this.#options.print(`${time} ${text}`);
  }

  close(): void {
    // Nothing is drawn that would have to be taken back.
  }

  #progress(view: RunView): void {
    const activity = activityText(view);
    const { step, steps } = progressOf(view);
    const far = Math.abs(step - this.#step) >= Math.max(1, (steps ?? 0) / STEP_LINES);
    if (activity === this.#activity && !far) return;
    this.#activity = activity;
    this.#step = step;
    const parts = [view.runId, activity];
    if (steps !== undefined) parts.push(`step ${step}/${steps}`, ...paceParts(view));
    this.note(parts.join('  '));
  }
}
