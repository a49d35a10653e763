/**
 * Messages between a worker and the process that runs a user's code: a head in JSON, and a body of numbers that are not
 * worth spelling out. Both sides speak it; `child/runner.py` is the same in Python.
 *
 *     uint32 length of the head | uint32 length of the body | head | body      (little-endian, lengths in bytes)
 */

export interface Frame {
  readonly head: unknown;
  readonly body: Uint8Array;
}

export const NOTHING = new Uint8Array();

const LENGTHS = 8;

/** More than this no answer needs: whoever sends it is out of his mind. */
const LONGEST_FRAME = 512 * 1024 * 1024;

export function encodeFrame({ head, body }: Frame): Uint8Array {
  const text = Buffer.from(JSON.stringify(head));
  const lengths = Buffer.alloc(LENGTHS);
  lengths.writeUInt32LE(text.length, 0);
  lengths.writeUInt32LE(body.byteLength, 4);
  return Buffer.concat([lengths, text, body]);
}

/** Puts frames together from chunks as they come. Throws at what is no frame. */
export function frameReader(onFrame: (frame: Frame) => void): (chunk: Uint8Array) => void {
  let parts: Uint8Array[] = [];
  let held = 0;
  let wanted = LENGTHS;
  return (chunk) => {
    parts.push(chunk);
    held += chunk.length;
    while (held >= wanted) {
      const bytes = parts.length === 1 && parts[0] !== undefined ? Buffer.from(parts[0]) : Buffer.concat(parts);
      parts = [bytes];
      const headLength = bytes.readUInt32LE(0);
      const total = LENGTHS + headLength + bytes.readUInt32LE(4);
      if (total > LONGEST_FRAME) throw new Error(`a frame of ${total} bytes`);
      if (bytes.length < total) {
        wanted = total;
        return;
      }
      const head = JSON.parse(bytes.toString('utf8', LENGTHS, LENGTHS + headLength)) as unknown;
      parts = [bytes.subarray(total)];
      held = bytes.length - total;
      wanted = LENGTHS;
      onFrame({ head, body: bytes.subarray(LENGTHS + headLength, total) });
    }
  };
}
