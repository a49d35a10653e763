/** What the tests of users' code share: files of a user, and the graders and objectives that they make. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Grader } from '../../activities/grading/grader.ts';
import { openGrader, pinGrader } from '../../activities/grading/graders.ts';
import type { AnswerGrader } from '../../activities/grading/text-graders.ts';
import { createUserCode, type UserCode } from '../../activities/user-code/user-code.ts';
import { isLikelihood } from '../../domain/spec/grader-spec.ts';
import { RunSpec } from '../../domain/spec/spec.ts';
import { openArtifacts, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { testPool } from '../compute/pool.ts';
import { SPEC } from '../store/fixtures.ts';

export interface Desk {
  readonly folder: string;
  readonly artifacts: Artifacts;
  readonly userCode: UserCode;
  /** Writes a file of the user's. */
  file(name: string, source: string): string;
  /** As an experiment would spell it, with a file that holds `source`. */
  grader(source: string, options?: object, onOutput?: (text: string) => void): Promise<Grader>;
  close(): Promise<void>;
}

const compute = testPool();
const secrets = new Map([['PAWL_GRADER_TOKEN', 'a token for graders']]);

export function openDesk(options: { idleMs?: number } = {}): Desk {
  const folder = mkdtempSync(join(tmpdir(), 'pawl-user-code-'));
  const artifacts = openArtifacts(join(folder, 'artifacts'));
  const userCode = createUserCode({ artifacts, environments: join(folder, 'python'), ...options });
  let files = 0;
  const file = (name: string, source: string): string => {
    const path = join(folder, name);
    writeFileSync(path, source);
    return path;
  };
  return {
    folder,
    artifacts,
    userCode,
    file,
    async grader(source, options = {}, onOutput) {
      files += 1;
      const python = 'python' in options;
      const path = file(`grader${files}.${python ? 'py' : 'mjs'}`, source);
      const spec = answerGrader({ ...options, [python ? 'python' : 'module']: path });
      return openGrader({ artifacts, secrets, userCode, compute }, spec, await pinGrader(artifacts, spec), {
        onOutput,
      });
    },
    async close() {
      await userCode.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answerGrader(grader: object): AnswerGrader {
  const spec = RunSpec.parse({ ...SPEC, evaluate: { ...SPEC.evaluate, grader } }).evaluate.grader;
  if (isLikelihood(spec)) throw new Error('it looks at no answers');
  return spec;
}

export function about(signal: AbortSignal = new AbortController().signal): {
  prompt: string;
  id: string;
  signal: AbortSignal;
} {
  return { prompt: 'a prompt', id: 'sample-1', signal };
}

/** The error that `work` must fail with. */
export async function failureOf(work: Promise<unknown> | number): Promise<Error> {
  return Promise.resolve(work).then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );
}
