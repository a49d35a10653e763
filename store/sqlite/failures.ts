/** SQLite's failures as errors that name the way out, and that callers can tell from a bug of their own. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Failure } from './protocol.ts';

/** Why a store cannot answer. */
export type StoreTrouble =
  | 'locked'
  | 'full'
  | 'disk'
  | 'lost'
  | 'damaged'
  | 'read-only'
  | 'schema'
  /** Its thread ended, or was closed. */
  | 'thread';

/**
 * The store cannot answer now: the same call may be made again, for as long as it takes, and nothing acknowledged is
 * lost. Whoever holds something rented lets go of it first.
 */
export class StoreUnavailable extends PawlError {
  override readonly name = 'StoreUnavailable';
  readonly trouble: StoreTrouble;

  constructor(trouble: StoreTrouble, message: string, options: { cause?: unknown; code?: string } = {}) {
    const { code, ...rest } = options;
    super('Unavailable', message, { ...rest, detail: { trouble, ...(code !== undefined && { code }) } });
    this.trouble = trouble;
  }
}

/** A row belongs to a run that the store does not hold. */
export class UnknownOwner extends PawlError {
  override readonly name = 'UnknownOwner';

  constructor(path: string) {
    super('InvalidRequest', `The store ${path} does not know the run this row belongs to: save the run first.`);
  }
}

/** By SQLite's primary result code, in the order they are looked for. */
const TROUBLES: readonly { code: string; trouble: StoreTrouble; message: (path: string) => string }[] = [
  {
    code: 'SQLITE_BUSY',
    trouble: 'locked',
    message: (path) =>
      `The store ${path} is locked by another process: close what holds it (a copy, a shell) and retry.`,
  },
  {
    code: 'SQLITE_FULL',
    trouble: 'full',
    message: (path) => `The disk of the store ${path} is full: free some space; nothing acknowledged is lost.`,
  },
  {
    code: 'SQLITE_IOERR',
    trouble: 'disk',
    message: (path) => `The disk of the store ${path} failed to read or write: check the disk, then retry.`,
  },
  { code: 'SQLITE_CANTOPEN', trouble: 'lost', message: cannotBeOpened },
  {
    code: 'SQLITE_READONLY',
    trouble: 'read-only',
    message: (path) => `The store ${path} may not be written: make it and its folder writable for this user.`,
  },
  {
    code: 'SQLITE_NOTADB',
    trouble: 'damaged',
    message: (path) => `${path} is not a pawl store: choose another file, or move this one away.`,
  },
  {
    code: 'SQLITE_CORRUPT',
    trouble: 'damaged',
    message: (path) =>
      `The store ${path} is damaged: restore a backup (\`pawl restore\`), or move it away to start anew.`,
  },
];

/** What `failure` of the store at `path` means. */
export function explain({ message, code }: Failure, path: string): Error {
  const cause = Object.assign(new Error(message), code !== undefined && { code });
  if (code === undefined) return cause;
  if (code.startsWith('SQLITE_CONSTRAINT_FOREIGNKEY')) return new UnknownOwner(path);
  const known = TROUBLES.find((trouble) => code.startsWith(trouble.code));
  return known === undefined ? cause : new StoreUnavailable(known.trouble, known.message(path), { cause, code });
}

function cannotBeOpened(path: string): string {
  return `The store ${path} cannot be opened: choose a file that this user may read and write.`;
}
