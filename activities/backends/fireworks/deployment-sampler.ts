/** Sampling of one deployment, for programs: n samples are n requests, as many at once as the deployment keeps up with. */
import { randomUUID } from 'node:crypto';
import { BackendError } from '../../../domain/words/failures-of-calls.ts';
import { linkedAbort } from '../../http/linked-abort.ts';
import type { SampledSequence } from './alignment.ts';
import { complete } from './completions.ts';
import { createConcurrency, type Concurrency, type ConcurrencyOptions } from './concurrency.ts';
import { samplingBody, type SamplingParameters } from './sampling-body.ts';
import { NEVER } from './sleep.ts';
import type { Wire } from './wire.ts';

export interface DeploymentSamplerOptions {
  readonly deploymentId: string;
  /** Default: adaptive, from 8 up to 256. */
  readonly concurrency?: ConcurrencyOptions;
  /** Context of the model: a longer prompt is not sent, and a longer sequence is dropped. */
  readonly maxSequenceTokens?: number;
}

export interface SampleOptions extends SamplingParameters {
  /** Default: 1. With a `seed`, sample i is drawn with seed + i. */
  readonly n?: number;
  /** Told, in a sentence, of every sequence that is left out because it does not fit `maxSequenceTokens`. */
  readonly onDropped?: (why: string) => void;
}

/** Errors are `BackendError`s; overload, a deployment that warms up and a cut stream are repeated first. */
export class DeploymentSampler {
  readonly #wire: Wire;
  readonly #options: DeploymentSamplerOptions;
  readonly #concurrency: Concurrency;

  /** Use `Fireworks.sampler`. */
  constructor(wire: Wire, options: DeploymentSamplerOptions) {
    this.#wire = wire;
    this.#options = options;
    this.#concurrency = createConcurrency(options.concurrency ?? { mode: 'adaptive' });
  }

  /** Requests that may be under way right now. */
  get concurrency(): number {
    return this.#concurrency.limit;
  }

  /** Up to `n` sequences, in order; those that do not fit `maxSequenceTokens` are left out, and told of. One failure fails all. */
  async sample(options: SampleOptions, signal: AbortSignal = NEVER): Promise<readonly SampledSequence[]> {
    const { n = 1, seed, onDropped, ...parameters } = options;
    if (!Number.isSafeInteger(n) || n < 1) throw new BackendError('InvalidRequest', 'n is a whole number from 1 on');
    const { deploymentId, maxSequenceTokens = Infinity } = this.#options;
    const { promptTokens, echo = false } = parameters;
    const drop = (why: string): void => {
      this.#wire.settings.logger.warn({ deploymentId }, `left out: ${why}`);
      onDropped?.(why);
    };
    if (promptTokens.length >= maxSequenceTokens) {
      drop(`${n} of a prompt of ${promptTokens.length} tokens, which leaves no room within ${maxSequenceTokens}`);
      return [];
    }
    const asked = { promptTokens, echo, unfiltered: isUnfiltered(parameters) };
    const stop = linkedAbort(signal);
    const until = stop.signal;
    const draws = Array.from({ length: n }, async (_, index) => {
      const body = samplingBody({ ...parameters, ...(seed === undefined ? {} : { seed: seed + index }) });
      const requestId = randomUUID().replaceAll('-', '');
      return this.#concurrency.run(
        async (slot) => complete(this.#wire, { deploymentId, body, requestId, asked }, slot, until),
        until,
      );
    });
    try {
      const sequences = await Promise.all(draws);
      return sequences.filter(({ promptTokens: prompt, tokens }) => {
        const length = prompt.length + tokens.length;
        if (length > maxSequenceTokens) drop(`a sequence of ${length} tokens, more than ${maxSequenceTokens}`);
        return length <= maxSequenceTokens;
      });
    } catch (error) {
      stop.abort();
      await Promise.allSettled(draws);
      throw error;
    } finally {
      stop.clear();
    }
  }
}

/** Samples then come from the model's own distribution. */
function isUnfiltered({ temperature = 1, topP = 1, topK = 0, minP = 0 }: SamplingParameters): boolean {
  return temperature === 1 && topP === 1 && topK === 0 && minP === 0;
}
