/** Bodies from outside: decompressed, and never larger than what was agreed on, however small they were sent. */
import { finished, Readable, type Duplex } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

export class UnknownEncoding extends Error {
  override readonly name = 'UnknownEncoding';
}

const DECODERS: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** All of `body`. More than `limit` bytes after decompression are a `BodyTooLarge`, and no more than that is ever held. */
export async function readBounded(body: Readable, encoding: string | undefined, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const decoded = decode(body, encoding);
  try {
    for await (const chunk of decoded as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > limit) throw new BodyTooLarge(`more than ${limit} bytes`);
      chunks.push(chunk);
    }
  } finally {
    // The rest of it would arrive for nobody.
    body.on('error', () => undefined).destroy();
    decoded.destroy();
  }
  return Buffer.concat(chunks, size);
}

function decode(body: Readable, encoding: string | undefined): Readable {
  const name = encoding?.trim().toLowerCase() ?? 'identity';
  if (name === 'identity' || name === '') return body;
  const decoder = DECODERS[name]?.();
  // Several encodings on top of each other are known from attacks only.
  if (decoder === undefined) throw new UnknownEncoding(name.slice(0, 40));
  finished(body, (error) => {
    if (error) decoder.destroy(error);
  });
  return body.pipe(decoder);
}
