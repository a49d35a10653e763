/** The bytes of a file, decompressed as they are asked for, whatever their number. */
import { createReadStream, type ReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { PawlError } from '../../../domain/words/failures-of-calls.ts';
import type { FileKind } from './kind.ts';

/** Small ones: of what compresses well, one chunk becomes thousands. */
const CHUNK = 64 * 1024;

export async function* bytesOf(path: string, { compression }: Pick<FileKind, 'compression'>): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK });
  try {
    yield* OPEN[compression ?? 'none'](file);
  } catch (cause) {
    if (compression === undefined || cause instanceof PawlError) throw cause;
    const program = compression === 'gzip' ? 'gunzip' : 'unzstd';
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PawlError(
      'InvalidRequest',
      `${path} cannot be decompressed as ${compression} (${why}): fetch it anew, or see what ${program} makes of it.`,
      { cause },
    );
  } finally {
    file.destroy();
  }
}

type Bytes = AsyncIterable<Buffer>;

const OPEN: Readonly<Record<'none' | 'gzip' | 'zstd', (file: ReadStream) => Bytes>> = {
  none: (file) => file as Bytes,
  gzip: gunzip,
  zstd: unzstd,
};

function gunzip(file: ReadStream): Bytes {
  const unzip = createGunzip();
  file.on('error', (cause) => unzip.destroy(cause));
  return file.pipe(unzip);
}

async function* unzstd(file: ReadStream): AsyncGenerator<Buffer> {
  let made: Buffer[] = [];
  const decompress = new Decompress((bytes) => made.push(Buffer.from(bytes)));
  for await (const chunk of file as Bytes) {
    decompress.push(chunk);
    yield* made;
    made = [];
  }
  decompress.push(new Uint8Array(), true);
  yield* made;
}
