/** The log file of a supervised process: appended to across restarts, kept from growing for ever. */
import { closeSync, mkdirSync, openSync, readSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const MAX_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 4096;
const REMARK = '--- ';

/** One life of a process in its log file. */
export interface ProcessLog {
  /** For the process to write to directly. */
  readonly fd: number;
  write(line: string): void;
  /** Writes a dated line of pawl's own. */
  remark(text: string): void;
  /** Lines that could not be written, since the last one that could. */
  dropped(): number;
  /** The last lines that the process wrote in this life, in one line, for an error message. */
  tail(lines: number): string;
  close(): void;
}

export function openProcessLog(file: string): ProcessLog {
  mkdirSync(dirname(file), { recursive: true });
  if (sizeOf(file) > MAX_BYTES) renameSync(file, `${file}.1`);
  const start = sizeOf(file);
  const fd = openSync(file, 'a', 0o600);
  let open = true;
  let dropped = 0;
  // A full disk must not end the stack, and what it keeps with it: what cannot be written is dropped, and counted.
  const write = (line: string): void => {
    if (!open) return;
    try {
      if (dropped > 0) writeSync(fd, `${REMARK}${new Date().toISOString()} ${dropped} lines could not be written\n`);
      dropped = 0;
      writeSync(fd, `${line}\n`);
    } catch {
      dropped += 1;
    }
  };
  return {
    fd,
    write,
    remark: (text) => write(`${REMARK}${new Date().toISOString()} ${text}`),
    dropped: () => dropped,
    tail: (lines) => readTail(file, start, lines),
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function readTail(file: string, start: number, lines: number): string {
  const size = sizeOf(file);
  const from = Math.max(start, size - TAIL_BYTES);
  const buffer = Buffer.alloc(Math.max(0, size - from));
  const fd = openSync(file, 'r');
  try {
    readSync(fd, buffer, 0, buffer.length, from);
  } finally {
    closeSync(fd);
  }
  const written = buffer.toString('utf8').split('\n');
  return written
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith(REMARK))
    .slice(-lines)
    .join(' | ');
}
