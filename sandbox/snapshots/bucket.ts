/** A trainer job's bucket: resumable states and sampler snapshots as files that outlive every process. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readFileIfAny, writeFileAtomic, writeJsonAtomic } from '../files.ts';

/** An adapter's shape, as it is stored. */
export const Lora = z.object({
  rank: z.number(),
  alpha: z.number(),
  trainAttn: z.boolean(),
  trainMlp: z.boolean(),
  trainUnembed: z.boolean(),
});

const StateMeta = z.object({ baseModel: z.string(), lora: Lora.optional(), size: z.number(), steps: z.number() });
/** What a resumable state says of itself, beside its bytes. */
export type StateMeta = z.output<typeof StateMeta>;

const SnapshotMeta = z.object({
  baseModel: z.string(),
  lora: Lora.optional(),
  kind: z.enum(['base', 'delta']),
  /** For a delta: the identity that it was made from. */
  previous: z.string().optional(),
  /** Adler-32 of the whole snapshot that results. */
  checksum: z.number(),
});
/** What a sampler snapshot says of itself, beside its bytes. */
export type SnapshotMeta = z.output<typeof SnapshotMeta>;

export class Bucket {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  hasState(name: string): boolean {
    return existsSync(this.#path('states', name, 'json'));
  }

  hasSnapshot(identity: string): boolean {
    return existsSync(this.#path('snapshots', identity, 'json'));
  }

  writeState(name: string, meta: StateMeta, bytes: Uint8Array): void {
    this.#write('states', name, meta, bytes);
  }

  writeSnapshot(identity: string, meta: SnapshotMeta, bytes: Uint8Array): void {
    this.#write('snapshots', identity, meta, bytes);
  }

  readState(name: string): { meta: StateMeta; bytes: Buffer } | undefined {
    const found = this.#read('states', name);
    return found === undefined ? undefined : { meta: StateMeta.parse(found.meta), bytes: found.bytes };
  }

  readSnapshot(identity: string): { meta: SnapshotMeta; bytes: Buffer } | undefined {
    const found = this.#read('snapshots', identity);
    return found === undefined ? undefined : { meta: SnapshotMeta.parse(found.meta), bytes: found.bytes };
  }

  /** The description goes first and comes last: without it, the bytes of an interrupted save are not a checkpoint. */
  #write(kind: 'states' | 'snapshots', name: string, meta: object, bytes: Uint8Array): void {
    const description = this.#path(kind, name, 'json');
    rmSync(description, { force: true });
    writeFileAtomic(this.#path(kind, name, 'bin'), bytes);
    writeJsonAtomic(description, meta);
  }

  #read(kind: 'states' | 'snapshots', name: string): { meta: unknown; bytes: Buffer } | undefined {
    const meta = readFileIfAny(this.#path(kind, name, 'json'));
    const bytes = readFileIfAny(this.#path(kind, name, 'bin'));
    if (meta === undefined || bytes === undefined) return undefined;
    return { meta: JSON.parse(meta.toString('utf8')) as unknown, bytes };
  }

  #path(kind: 'states' | 'snapshots', name: string, extension: 'json' | 'bin'): string {
    // Names are validated at the edge; this keeps a mistake there from leaving the bucket.
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw new Error(`"${name}" is not a checkpoint name`);
    return join(this.#folder, kind, `${name}.${extension}`);
  }
}
