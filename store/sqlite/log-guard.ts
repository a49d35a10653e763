/**
 * Whose log lies beside a store. SQLite finds it by its name alone: beside a file that was put in the place of another,
 * that of the other one would be taken for its own, and the two be mixed. So who opens a store, or leaves one that was
 * moved away, does it alone, whichever process it is in, and writes down which file the log is of.
 */
import { renameSync, rmSync, statSync } from 'node:fs';
import Database from 'libsql';

/** A file and its log, by what they are, not by their names. */
interface Pair {
  readonly file: string | undefined;
  readonly log: string | undefined;
}

export class LogGuard {
  readonly #path: string;
  readonly #timeoutMs: number;
  #database: Database.Database | undefined;

  constructor(path: string, timeoutMs: number) {
    this.#path = path;
    this.#timeoutMs = timeoutMs;
  }

  /** Alone among all threads and processes that open or leave this store; a lock that is held too long is SQLite's failure. */
  alone<T>(work: () => T): T {
    const database = this.#lock();
    try {
      return work();
    } finally {
      // Without what was written, where the disk takes nothing: then a log is taken for what it was taken for before.
      if (database?.inTransaction === true) attempt(() => database.exec('COMMIT'));
      if (database?.inTransaction === true) database.exec('ROLLBACK');
    }
  }

  /** Before the store is opened: takes a log out of the way that is of another file than the one that is there now. */
  setAside(): void {
    const { file, log } = pairAt(this.#path);
    if (log === undefined) return;
    const known = this.#known();
    if (file === undefined || (known?.log === log && known.file !== file)) putAway(this.#path);
  }

  /** Once the store is open. */
  remember(): void {
    const { file = '', log = '' } = pairAt(this.#path);
    const known = this.#known();
    if (this.#database === undefined || (known?.file === file && known.log === log)) return;
    const database = this.#database;
    attempt(() => {
      database.exec('CREATE TABLE IF NOT EXISTS pair (one INTEGER PRIMARY KEY, file TEXT, log TEXT)');
      database.prepare('INSERT OR REPLACE INTO pair VALUES (1, ?, ?)').run([file, log]);
    });
  }

  #known(): Pair | undefined {
    const database = this.#database;
    return database && attempt(() => database.prepare('SELECT file, log FROM pair').all()[0] as Pair | undefined);
  }

  /** Nobody locks where nothing may be written: then nothing can be put out of the way either. */
  #lock(): Database.Database | undefined {
    this.#database ??= attempt(() => new Database(`${this.#path}.guard`, { timeout: this.#timeoutMs }));
    try {
      this.#database?.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      if (isBusy(error)) throw error;
      this.#database = undefined;
    }
    return this.#database;
  }
}

/** What the path and its log lead to. */
function pairAt(path: string): Pair {
  return { file: identityOf(path), log: identityOf(`${path}-wal`) };
}

export function identityOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev}.${found.ino}`;
}

/** A log that no file has any more: under another name, unless it is empty. */
export function putAway(path: string): void {
  rmSync(`${path}-shm`, { force: true });
  if (statSync(`${path}-wal`).size === 0) rmSync(`${path}-wal`);
  else renameSync(`${path}-wal`, `${path}-wal.moved-${Date.now()}`);
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
