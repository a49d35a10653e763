/** Showing a run while it goes: one interface, one implementation for each kind of reader. */
import type { RunChange } from '../../runs/run-changes.ts';

export interface RunScreen {
  show(change: RunChange): void;
  /** Words about something other than the run: the local stack, what a Ctrl-C will do. */
  note(text: string): void;
  /** Leaves the terminal as it was found. */
  close(): void;
}
