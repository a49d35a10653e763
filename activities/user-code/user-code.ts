/** Users' code, which never runs in a worker: graders and objectives, in processes of their own. */
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import type { Code } from './code.ts';
import { gradeWith, type GradeItem } from './grade-with.ts';
import { findIsolation, type Isolation } from './isolation.ts';
import { evaluateWith, type Evaluate } from './evaluate-with.ts';
import { createPool } from './pool.ts';
import { JAVASCRIPT_PROGRAM, javascript } from './runtimes.ts';

export interface UserCode {
  /** Scores answers, many to a call of the process. Fails with a `PawlError` that names the user's own file and line. */
  grader(code: Code, onOutput?: (text: string) => void): GradeItem;
  objective(code: Code, onOutput?: (text: string) => void): Evaluate;
  /** How far users' code is cut off on this machine. */
  isolation(): Promise<Isolation['kind']>;
  /** Ends every process. */
  close(): Promise<void>;
}

const IDLE_MS = 60_000;

export function createUserCode({ artifacts, idleMs = IDLE_MS }: { artifacts: Artifacts; idleMs?: number }): UserCode {
  let isolation: Promise<Isolation> | undefined;
  const isolated = (): Promise<Isolation> => (isolation ??= findIsolation(JAVASCRIPT_PROGRAM));
  const pool = createPool({ artifacts, idleMs, isolation: isolated, runtimeOf: async () => javascript });
  return {
    grader: (code, onOutput = () => undefined) => gradeWith(pool, code, onOutput),
    objective: (code, onOutput = () => undefined) => evaluateWith(pool, code, onOutput),
    isolation: async () => (await isolated()).kind,
    close: () => pool.close(),
  };
}
