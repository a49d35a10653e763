/** What a check of `doctor` says. */

export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was found. */
  readonly detail: string;
  /** What to do; absent where there is nothing to do. */
  readonly remedy?: string;
}

/** What a check found; its name is known from the table. */
export type Finding = Omit<Check, 'name'>;
