/** A libsql database file as Kysely needs it, with SQLite's failures turned into errors that name the way out. */
import Database from 'libsql';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { FailureType } from '../../domain/words/run.ts';

export interface SqliteFile extends SqliteDatabase {
  readonly path: string;
  exec(sql: string): void;
}

/** By SQLite's primary result code, in the order they are looked for. */
const FAILURES: readonly { code: string; type: FailureType; message: (path: string) => string }[] = [
  {
    code: 'SQLITE_BUSY',
    type: 'Unavailable',
    message: (path) =>
      `The store ${path} is locked by another process: close what holds it (a copy, a shell) and retry.`,
  },
  {
    code: 'SQLITE_FULL',
    type: 'Unavailable',
    message: (path) => `The disk of the store ${path} is full: free some space; nothing acknowledged is lost.`,
  },
  {
    code: 'SQLITE_IOERR',
    type: 'Unavailable',
    message: (path) => `The disk of the store ${path} failed to read or write: check the disk, then retry.`,
  },
  {
    code: 'SQLITE_CANTOPEN',
    type: 'InvalidRequest',
    message: cannotBeOpened,
  },
  {
    code: 'SQLITE_READONLY',
    type: 'InvalidRequest',
    message: (path) => `The store ${path} may not be written: make it and its folder writable for this user.`,
  },
  {
    code: 'SQLITE_NOTADB',
    type: 'InvalidRequest',
    message: (path) => `${path} is not a pawl store: choose another file, or move this one away.`,
  },
  {
    code: 'SQLITE_CORRUPT',
    type: 'InvalidRequest',
    message: (path) => `The store ${path} is damaged: restore a backup, or move it away to start anew.`,
  },
  {
    code: 'SQLITE_CONSTRAINT_FOREIGNKEY',
    type: 'InvalidRequest',
    message: (path) => `The store ${path} does not know the run this row belongs to: save the run first.`,
  },
];

function explain(cause: unknown, path: string): unknown {
  if (!(cause instanceof Error) || !('code' in cause) || typeof cause.code !== 'string') return cause;
  const { code } = cause;
  const failure = FAILURES.find((known) => code.startsWith(known.code));
  return failure === undefined
    ? cause
    : new PawlError(failure.type, failure.message(path), { cause, detail: { code } });
}

/** Opens (or creates) the file; `busyTimeoutMs` is how long a statement waits for another process's write. */
export function openSqliteFile(path: string, options: { busyTimeoutMs: number }): SqliteFile {
  const explaining = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw explain(error, path);
    }
  };
  const database = open(path, options);

  /**
   * libsql leaves a statement that found the file locked unfinished. SQLite then counts it as a writer still at work:
   * whatever is written next is not committed, and is undone once the statement is collected. So the lock is taken
   * first, by a statement that cannot be left behind.
   */
  const locked = <T>(write: () => T): T => {
    if (database.inTransaction) return write();
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = write();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };

  // Parameters go in as one array: libsql takes a single bare null for a set of named ones.
  const prepare = (sql: string): SqliteStatement => {
    const statement = explaining(() => database.prepare(sql));
    return {
      reader: statement.reader,
      all: (parameters) => explaining(() => statement.all(parameters)),
      run: (parameters) => explaining(() => locked(() => statement.run(parameters))),
      iterate: (parameters) => explaining(() => statement.iterate(parameters)),
    };
  };

  return {
    path,
    prepare,
    exec: (sql) => {
      explaining(() => database.exec(sql));
    },
    close: () => {
      database.close();
    },
  };
}

/** libsql gives a file that cannot be opened no code. */
function open(path: string, { busyTimeoutMs }: { busyTimeoutMs: number }): Database.Database {
  try {
    return new Database(path, { timeout: busyTimeoutMs });
  } catch (cause) {
    throw new PawlError('InvalidRequest', cannotBeOpened(path), { cause });
  }
}

function cannotBeOpened(path: string): string {
  return `The store ${path} cannot be opened: choose a file that this user may read and write.`;
}
