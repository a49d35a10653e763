/** What becomes of a run that is asked for something now, in a person's words. Pure. */
import { EFFECTS } from '../../domain/decide/interrupts.ts';
import type { RunStatus } from '../../domain/words/run.ts';

type Asked = 'stop' | 'pause' | 'cancel';

export function effectText(asked: Asked, status: RunStatus): string {
  const effect = EFFECTS[status.standing][asked];
  if (effect === 'nothing')
    return IDLE[asked][status.standing] ?? `it is ${status.standing}: there is nothing to ${asked}`;
  if (effect === 'rests') return restText(status);
  if (effect === 'finishes') return finishText(status);
  return endText(status);
}

const IDLE: Readonly<Record<Asked, Partial<Record<RunStatus['standing'], string>>>> = {
  stop: { finishing: 'it is finishing already; stop --now ends it with what was evaluated last' },
  pause: {
    finishing: 'it is finishing: a pause has no effect any more',
    paused: 'it is paused already',
  },
  cancel: {},
};

function restText({ standing }: RunStatus): string {
  if (standing === 'planned') return 'it rents nothing until it is resumed';
  if (standing !== 'live') return 'it returns what is rented, and waits to be resumed';
  return 'at the end of its window it saves its state, returns its machines, and waits to be resumed';
}

function finishText({ standing, unevaluatedSteps = 0, saved }: RunStatus): string {
  if (standing !== 'paused') {
    return 'it trains its window to the end, saves and evaluates a last checkpoint, and returns what it rented';
  }
  if (unevaluatedSteps === 0) return 'it ends with its last evaluated checkpoint, as a base';
  return (
    `it rents once more to evaluate the ${steps(unevaluatedSteps)} up to step ${saved?.step ?? 0} that no evaluation ` +
    'speaks of; stop --now ends it without them'
  );
}

function endText({ step, checkpoint, score }: RunStatus): string {
  if (checkpoint === undefined) return 'it ends at once: nothing was trained yet';
  const result = score === undefined ? 'without a result' : 'with what was evaluated last';
  return `it ends at once, at step ${step}, ${result}, and returns what is rented`;
}

function steps(count: number): string {
  return count === 1 ? '1 step' : `${count} steps`;
}
