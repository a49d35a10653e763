/** A run on a terminal: a block redrawn in place, finished checkpoints scrolling above it. */
import type { RunView } from '../../runs/run-view.ts';
import type { RunChange } from '../../runs/run-changes.ts';
import type { Colours } from './colours.ts';
import { LiveBlock, type Terminal } from './live-block.ts';
import { checkpointLine, liveLines } from './run-lines.ts';
import type { RunScreen } from './run-screen.ts';

/** Time and cost go on between two changes. */
const REDRAW_MS = 1_000;

export class LiveScreen implements RunScreen {
  readonly #block: LiveBlock;
  readonly #colours: Colours;
  readonly #timer: NodeJS.Timeout;
  #view: RunView | undefined;

  constructor(terminal: Terminal, colours: Colours) {
    this.#block = new LiveBlock(terminal);
    this.#colours = colours;
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS).unref();
  }

  show(change: RunChange): void {
    switch (change.kind) {
      case 'checkpoint':
        this.#block.keep(checkpointLine(change.checkpoint, this.#colours));
        break;
      case 'progress':
        this.#view = change.view;
        this.#draw();
        break;
      case 'end':
        this.close();
        break;
      case 'waiting':
        // Part of the view: it is drawn with it, and goes with it.
        break;
    }
  }

  note(text: string): void {
    this.#block.keep(this.#colours.dim(text));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#view = undefined;
    this.#block.clear();
  }

  #draw(): void {
    if (this.#view !== undefined) this.#block.draw(liveLines(this.#view, this.#colours, Date.now()));
  }
}
