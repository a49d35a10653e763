/** Reads checkpoints out of the sandbox's buckets: resumable states, and the weights that snapshots stand for. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Bucket } from '../sandbox/snapshots/bucket.ts';
import { adler32, applyDelta, bytesOf, floatsOf } from '../sandbox/snapshots/codec.ts';

export interface StateFacts {
  /** Of weights and both moments of the optimizer, byte for byte. */
  readonly sha256: string;
  /** Optimizer steps applied on the way to this state, as its optimizer counted them. */
  readonly optimizerSteps: number;
}

/** The buckets of one run's trainers. */
export class RunBuckets {
  readonly #buckets: readonly Bucket[];
  readonly #weights = new Map<string, Float32Array>();

  constructor(sandboxState: string, runId: string) {
    const folder = join(sandboxState, 'buckets');
    const jobs = readdirSync(folder).filter((job) => job.startsWith(runId));
    this.#buckets = jobs.map((job) => new Bucket(join(folder, job)));
  }

  state(name: string): StateFacts {
    const found = this.#buckets.map((bucket) => bucket.readState(name)).find((state) => state !== undefined);
    if (found === undefined) throw new Error(`the sandbox holds no resumable state ${name}`);
    return { sha256: sha256(found.bytes), optimizerSteps: found.meta.steps };
  }

  /** Of the weights that a replica holds once it serves this snapshot. */
  weights(identity: string): string {
    return sha256(bytesOf(this.#read(identity)));
  }

  #read(identity: string): Float32Array {
    const known = this.#weights.get(identity);
    if (known !== undefined) return known;
    const found = this.#buckets
      .map((bucket) => bucket.readSnapshot(identity))
      .find((snapshot) => snapshot !== undefined);
    if (found === undefined) throw new Error(`the sandbox holds no snapshot ${identity}`);
    const { meta, bytes } = found;
    const weights = meta.previous === undefined ? floatsOf(bytes) : applyDelta(this.#read(meta.previous), bytes);
    if (adler32(weights) !== meta.checksum) throw new Error(`snapshot ${identity} does not have its own checksum`);
    this.#weights.set(identity, weights);
    return weights;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
