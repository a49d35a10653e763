/** `http`: an endpoint of the user's that is posted each answer, and says its score. */
import { z } from 'zod';
import type { GraderSpec } from '../../domain/spec/grader-spec.ts';
import { BackendError } from '../../domain/words/failures-of-calls.ts';
import type { Grader } from './grader.ts';
import { postJson } from '../http/post-json.ts';

type Options = Extract<GraderSpec, { http: object }>['http'];

const Reply = z.looseObject({ score: z.number().min(0).max(1) });

/** Posts `{id, prompt, output, reference}`; expects `{"score": 0 … 1}`. */
export function httpGrader({ url, binary, timeoutSeconds }: Options, key: string | undefined): Grader {
  return {
    binary,
    async score(output, reference, { prompt, id, signal }) {
      const body = { id, prompt, output, reference };
      const timeoutMs = timeoutSeconds * 1_000;
      const reply = Reply.safeParse(await postJson({ role: 'grader', url, body, key, id, timeoutMs, signal }));
      if (reply.success) return reply.data.score;
      throw new BackendError('InvalidRequest', 'the grader must answer {"score": …} with a number from 0 to 1');
    },
  };
}
