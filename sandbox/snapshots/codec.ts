/** Deltas between two snapshots: XOR, bytes shuffled by significance, deflated; undone exactly. */
import { deflateSync, inflateSync } from 'node:zlib';

const FLOAT_BYTES = 4;

/** What turns `previous` into `next`; both of one length. */
export function encodeDelta(previous: Float32Array, next: Float32Array): Buffer {
  return deflateSync(shuffle(xor(bytesOf(previous), bytesOf(next))));
}

/** The snapshot that `delta` makes of `previous`. */
export function applyDelta(previous: Float32Array, delta: Buffer): Float32Array {
  const before = bytesOf(previous);
  const change = unshuffle(inflateSync(delta, { maxOutputLength: Math.max(1, before.length) }));
  return floatsOf(xor(before, change));
}

/** Adler-32 of a snapshot's bytes: proof that a replica holds what the trainer saved. */
export function adler32(values: Float32Array): number {
  const bytes = bytesOf(values);
  let low = 1;
  let high = 0;
  // 3800 additions are the most that cannot overflow 32 bits before the modulus is taken.
  for (let start = 0; start < bytes.length; start += 3800) {
    const end = Math.min(start + 3800, bytes.length);
    for (let i = start; i < end; i++) {
      low += bytes[i] ?? 0;
      high += low;
    }
    low %= 65_521;
    high %= 65_521;
  }
  return high * 65_536 + low;
}

export function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** A copy, because a file's bytes need not be aligned for floats. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  if (bytes.length % FLOAT_BYTES !== 0) throw new Error(`${bytes.length} bytes are not whole float32 values`);
  const copy = new Uint8Array(bytes);
  return new Float32Array(copy.buffer, copy.byteOffset, copy.length / FLOAT_BYTES);
}

function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== right.length) {
    throw new Error(`a delta of ${right.length} bytes does not fit a snapshot of ${left.length}`);
  }
  return left.map((byte, i) => byte ^ (right[i] ?? 0));
}

function shuffle(bytes: Uint8Array): Uint8Array {
  const count = bytes.length / FLOAT_BYTES;
  return bytes.map((_, i) => bytes[(i % count) * FLOAT_BYTES + Math.floor(i / count)] ?? 0);
}

function unshuffle(bytes: Uint8Array): Uint8Array {
  const count = bytes.length / FLOAT_BYTES;
  return bytes.map((_, i) => bytes[(i % FLOAT_BYTES) * count + Math.floor(i / FLOAT_BYTES)] ?? 0);
}

/** The nearest values that bfloat16 has, ties to even; still as float32. */
export function roundToBf16(values: Float32Array): Float32Array {
  const bits = new Uint32Array(values.slice().buffer);
  for (let i = 0; i < bits.length; i++) {
    const value = bits[i] ?? 0;
    bits[i] = (value + 0x7fff + ((value >>> 16) & 1)) & 0xffff0000;
  }
  return new Float32Array(bits.buffer);
}
