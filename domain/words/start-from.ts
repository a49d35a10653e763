/** What a run's weights begin with, where that is not the base model: looked up once, when the run is planned. */

export type PinnedStart = {
  /** As the experiment says it. */
  readonly asked: string;
} & (
  | {
      readonly kind: 'adapter';
      /** Its full name on the platform. */
      readonly model: string;
    }
  | {
      readonly kind: 'checkpoint';
      readonly runId: string;
      readonly checkpoint: string;
      readonly step: number;
      /** Path of the resumable state, and the trainer that saved it. */
      readonly path: string;
      readonly trainerId: string;
    }
);

/** `weights of the adapter accounts/…/models/… (alias:prod)` */
export function startText(start: PinnedStart): string {
  const name =
    start.kind === 'adapter'
      ? `the adapter ${start.model}`
      : `${start.runId} at step ${start.step} (${start.checkpoint})`;
  const asked =
    start.asked === (start.kind === 'adapter' ? start.model : start.runId) ? '' : `, asked for as ${start.asked}`;
  return `weights of ${name}, with a fresh optimizer${asked}`;
}
