/** Users' code, which never runs in a worker: graders and objectives, in processes of their own. */
import type { PinnedPython } from '../../domain/words/plan.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import type { Code } from './code.ts';
import { gradeWith, type GradeItem } from './grade-with.ts';
import { findIsolation, type Isolation } from './isolation.ts';
import { evaluateWith, type Evaluate } from './evaluate-with.ts';
import { createPool } from './pool.ts';
import { createInterpreters } from './interpreters.ts';
import { JAVASCRIPT_PROGRAM, javascript, python, type Runtime } from './runtimes.ts';

export interface UserCode {
  /** Scores answers, many to a call of the process. Fails with a `PawlError` that names the user's own file and line. */
  grader(code: Code, onOutput?: (text: string) => void): GradeItem;
  objective(code: Code, onOutput?: (text: string) => void): Evaluate;
  /** Makes or finds a Python, before anything is rented for what needs it. */
  preparePython(pinned: PinnedPython): Promise<void>;
  /** How far users' code is cut off on this machine. */
  isolation(): Promise<Isolation['kind']>;
  /** Ends every process. */
  close(): Promise<void>;
}

export interface UserCodeOptions {
  readonly artifacts: Artifacts;
  /** The worker's Python: a name or a path. */
  readonly interpreter?: string;
  /** The program that installs packages: a name or a path. */
  readonly uv?: string;
  /** Where Pythons with packages are kept. */
  readonly environments: string;
  /** How long a process without work stays. */
  readonly idleMs?: number;
}

const IDLE_MS = 60_000;

export function createUserCode(options: UserCodeOptions): UserCode {
  const { artifacts, environments: folder, interpreter = 'python3', uv = 'uv', idleMs = IDLE_MS } = options;
  const interpreters = createInterpreters({ artifacts, interpreter, uv, folder });
  let isolation: Promise<Isolation> | undefined;
  const isolated = (): Promise<Isolation> => (isolation ??= findIsolation(JAVASCRIPT_PROGRAM));
  const runtimeOf = async (code: Code): Promise<Runtime> =>
    code.language === 'javascript' ? javascript : python(await interpreters.of(code.python ?? {}));
  const pool = createPool({ artifacts, idleMs, isolation: isolated, runtimeOf });
  return {
    grader: (code, onOutput = () => undefined) => gradeWith(pool, code, onOutput),
    objective: (code, onOutput = () => undefined) => evaluateWith(pool, code, onOutput),
    preparePython: async (pinned) => void (await interpreters.of(pinned)),
    isolation: async () => (await isolated()).kind,
    close: () => pool.close(),
  };
}
