/** Bytes of any number, in pieces that leave time for others: a hash of gigabytes takes seconds in one piece, and reading ends at two. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';

/** Two to four milliseconds of hashing. */
const PIECE = 4 * 1_024 * 1_024;

/** As `sha256`, without standing in anybody's way. */
export async function sha256InPieces(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.byteLength; at += PIECE) {
    if (at > 0) await setImmediate();
    hash.update(bytes.subarray(at, at + PIECE));
  }
  return hash.digest('hex');
}

/** Fewer than `length` at the end of the file. */
export async function readBytes(
  file: FileHandle,
  { offset, length }: { offset: number; length: number },
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, Math.min(length - filled, 2 ** 30), offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
