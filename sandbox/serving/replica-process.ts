/** A replica's process: serves one snapshot to many generations at a time, each by itself. */
import { readVocabulary } from '../catalog.ts';
import { CallError, serveParent, tellParent } from '../child.ts';
import { mergeLora } from '../model/parameters.ts';
import { SamplerModel } from '../model/sampler-model.ts';
import { readWeights } from '../model/weight-source.ts';
import { Bucket } from '../snapshots/bucket.ts';
import { adler32, applyDelta, floatsOf } from '../snapshots/codec.ts';
import { Generation } from './generation.ts';
import { PromptCache } from './prompt-cache.ts';
import type {
  BootRequest,
  GenerateRequest,
  GenerateResult,
  LoadRequest,
  LoadResult,
  ReplicaRequest,
  TokensEvent,
} from './messages.ts';

/** Generations that advance together; the rest wait their turn. */
const MAX_ACTIVE = 64;

interface Job {
  readonly request: GenerateRequest;
  readonly finish: (result: GenerateResult) => void;
  readonly arrivedAt: number;
  readonly concurrent: number;
  generation?: Generation;
  startedAt?: number;
  firstTokenAt?: number;
}

class ReplicaProcess {
  readonly #boot: BootRequest;
  readonly #base: Float32Array;
  readonly #vocabulary = readVocabulary();
  readonly #jobs = new Map<number, Job>();
  readonly #prompts = new PromptCache();
  #model: SamplerModel;
  /** The snapshot as it was saved: what the next delta is applied to. */
  #snapshot: { identity: string; values: Float32Array } | undefined;
  #ticking = false;

  constructor(boot: BootRequest) {
    this.#boot = boot;
    this.#base = readWeights(boot.config, boot.weights);
    this.#model = new SamplerModel(boot.config, this.#base);
  }

  /** Verifies before it changes anything: a snapshot that does not fit leaves the replica as it was. */
  load({ bucket, identity, previous, reset }: LoadRequest): LoadResult {
    const found = new Bucket(bucket).readSnapshot(identity);
    if (found === undefined) throw failed(`snapshot "${identity}" was not found in the deployment's bucket`);
    const { meta, bytes } = found;
    if (meta.baseModel !== this.#boot.baseModel)
      throw failed(`snapshot "${identity}" is of base model ${meta.baseModel}`);
    if (meta.kind === 'delta' && previous === undefined) {
      throw failed(`snapshot "${identity}" is a delta on "${meta.previous}"; it cannot be loaded as a whole`);
    }
    const values = previous === undefined ? floatsOf(bytes) : this.#patched(identity, previous, meta.previous, bytes);
    if (adler32(values) !== meta.checksum)
      throw failed(`snapshot "${identity}" does not have the checksum it was saved with`);
    const weights = meta.lora === undefined ? values : mergeLora(this.#boot.config, this.#base, values, meta.lora);
    this.#model = new SamplerModel(this.#boot.config, weights);
    this.#snapshot = { identity, values };
    this.#prompts.reset(reset);
    return { adapter: meta.lora !== undefined };
  }

  generate(request: GenerateRequest): Promise<GenerateResult> {
    return new Promise((finish) => {
      this.#jobs.set(request.stream, {
        request,
        finish,
        arrivedAt: performance.now(),
        concurrent: this.#jobs.size + 1,
      });
      if (this.#ticking) return;
      this.#ticking = true;
      setImmediate(() => this.#tick());
    });
  }

  cancel(stream: number): void {
    const job = this.#jobs.get(stream);
    if (job !== undefined) this.#end(job, 'cancelled');
  }

  #patched(identity: string, previous: string, madeFrom: string | undefined, delta: Buffer): Float32Array {
    const current = this.#snapshot;
    if (madeFrom === undefined) throw failed(`snapshot "${identity}" is not a delta`);
    if (madeFrom !== previous) throw failed(`snapshot "${identity}" is a delta on "${madeFrom}", not on "${previous}"`);
    if (current?.identity !== previous) {
      throw failed(
        `a delta on "${previous}" cannot be applied to ${current ? `"${current.identity}"` : 'the base model'}`,
      );
    }
    return applyDelta(current.values, delta);
  }

  #tick(): void {
    const tokens: TokensEvent['tokens'][number][] = [];
    const finished: Job[] = [];
    let active = 0;
    for (const job of this.#jobs.values()) {
      if (++active > MAX_ACTIVE) break;
      job.generation ??= this.#begin(job);
      const records = job.generation.advance(this.#model);
      job.firstTokenAt ??= performance.now();
      if (records.length > 0) tokens.push({ stream: job.request.stream, records });
      if (job.generation.finishReason !== undefined) finished.push(job);
    }
    if (tokens.length > 0) tellParent({ ...this.#identity(), tokens } satisfies TokensEvent);
    for (const job of finished) this.#end(job, job.generation?.finishReason ?? 'stop');
    this.#ticking = this.#jobs.size > 0;
    // Between ticks the process hears of loads, cancellations and new requests.
    if (this.#ticking) setImmediate(() => this.#tick());
  }

  #begin(job: Job): Generation {
    job.startedAt = performance.now();
    return new Generation(job.request, this.#model, this.#vocabulary, this.#prompts);
  }

  #end(job: Job, finishReason: GenerateResult['finishReason']): void {
    this.#jobs.delete(job.request.stream);
    const now = performance.now();
    job.finish({
      finishReason,
      ...this.#identity(),
      queuedMs: (job.startedAt ?? now) - job.arrivedAt,
      firstTokenMs: (job.firstTokenAt ?? now) - job.arrivedAt,
      totalMs: now - job.arrivedAt,
      concurrent: job.concurrent,
      cachedTokens: job.generation?.cachedTokens ?? 0,
    });
  }

  #identity(): { identity?: string } {
    return this.#snapshot === undefined ? {} : { identity: this.#snapshot.identity };
  }
}

function failed(message: string): CallError {
  return new CallError({ message, category: 'user' });
}

let booted: ReplicaProcess | undefined;

serveParent((message) => {
  const request = message as ReplicaRequest;
  if (request.op === 'boot') {
    booted = new ReplicaProcess(request);
    return undefined;
  }
  if (booted === undefined) throw new Error('the replica has not been started');
  switch (request.op) {
    case 'load':
      return booted.load(request);
    case 'generate':
      return booted.generate(request);
    case 'cancel':
      return booted.cancel(request.stream);
  }
});
