/** Computes loss, gradient and metrics of a batch with a user's code. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { RunObjective } from '../objectives/run-objective.ts';
import { endedIn, thrownIn, type Seen } from './blame.ts';
import type { Ending } from './child-process.ts';
import type { Code } from './code.ts';
import { Evaluated } from './messages.ts';
import { EndedLoading, type Lent, type Pool } from './pool.ts';
import { packRows, unpackRows } from './rows.ts';

export type Evaluate = RunObjective['evaluate'];

type Outcome = Awaited<ReturnType<Evaluate>> | { readonly ending: Ending; readonly seen: Seen };

export function evaluateWith(pool: Pool, code: Code, onOutput: (text: string) => void): Evaluate {
  return async (examples, logprobs, signal) => {
    const first = await attempt(examples, logprobs, signal);
    if (!('ending' in first)) return first;
    // Its own doing, or the machine's: a death that nobody asked for is tried once more.
    const outcome = first.ending.why === 'exit' ? await attempt(examples, logprobs, signal) : first;
    if (!('ending' in outcome)) return outcome;
    throw new PawlError('InvalidRequest', endedIn(outcome.ending, outcome.seen));
  };

  async function attempt(...[examples, logprobs, signal]: Parameters<Evaluate>): Promise<Outcome> {
    try {
      const lent = await pool.lend(code, { signal, onOutput });
      const outcome = await ask(lent, examples, logprobs, signal);
      pool.giveBack(code, lent);
      return outcome;
    } catch (cause) {
      if (cause instanceof EndedLoading) return cause;
      throw cause;
    }
  }

  async function ask(lent: Lent, ...[examples, logprobs, signal]: Parameters<Evaluate>): Promise<Outcome> {
    const { limitMs, options } = code;
    const names = Object.keys(examples[0]?.inputs ?? {});
    const inputs = names.map((name) => examples.map((example) => example.inputs[name] ?? []));
    const lengths = logprobs.map(({ length }) => length);
    let outcome: Outcome | PawlError | undefined;
    const ending = await lent.child.exchange({
      frame: {
        head: { type: 'objective', options, limitMs, lengths, inputs: names },
        body: packRows([logprobs, examples.map(({ targetTokens }) => targetTokens), ...inputs]),
      },
      limitMs,
      signal,
      onOutput,
      onAnswer({ head, body }) {
        const evaluated = Evaluated.parse(head);
        if (evaluated.type === 'failed') {
          outcome = new PawlError('InvalidRequest', thrownIn(evaluated.error, { file: lent.file, code }));
          return true;
        }
        const [[[loss = Number.NaN] = []] = [], gradients = []] = unpackRows(body, [[1], evaluated.lengths]);
        const { metrics, ownGradient } = evaluated;
        outcome = { loss, gradients, metrics, ownGradient };
        return true;
      },
    });
    if (ending !== undefined) return { ending, seen: { file: lent.file, code } };
    if (outcome === undefined || outcome instanceof PawlError) throw outcome ?? new Error('no answer');
    return outcome;
  }
}
