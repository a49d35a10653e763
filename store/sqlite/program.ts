/**
 * The program of a store's thread. SQLite is synchronous: whatever it waits for, a lock, a slow disk, a long query, it
 * waits for here, and the process goes on beating its hearts.
 */
import { parentPort } from 'node:worker_threads';
import Database from 'libsql';
import { LogGuard, identityOf, putAway } from './log-guard.ts';
import {
  MOVED,
  type Answer,
  type Asked,
  type Failure,
  type Parameter,
  type QueryRows,
  type Request,
} from './protocol.ts';

interface Opened {
  readonly path: string;
  readonly database: Database.Database;
  /** What the path led to when it was opened; its log, and the log's index, which no other file has while this one is open. */
  readonly file: string | undefined;
  readonly log: string | undefined;
  readonly index: string | undefined;
}

let opened: Opened | undefined;
let guard: LogGuard | undefined;

parentPort?.on('message', ({ id, request }: Asked) => {
  let answer: Answer;
  try {
    answer = { id, result: perform(request) };
  } catch (error) {
    answer = { id, failure: asFailure(error) };
  }
  parentPort?.postMessage(answer);
});

function perform(request: Request): QueryRows {
  switch (request.kind) {
    case 'query':
      return query(unmoved(), request.sql, request.parameters);
    case 'open':
      open(request);
      break;
    case 'exec':
      unmoved().exec(request.sql);
      break;
    case 'leave':
      if (request.ifMoved && opened !== undefined && (opened.database.inTransaction || !isMoved(opened))) {
        return { rows: [], stays: true };
      }
      leave();
      break;
    case 'close':
      close();
  }
  return { rows: [] };
}

function open(request: Request & { kind: 'open' }): void {
  guard ??= new LogGuard(request.path, request.busyTimeoutMs);
  const { path } = request;
  guard.alone(() => {
    guard?.setAside();
    const database = openFile(request);
    guard?.remember();
    const [file, log, index] = [path, `${path}-wal`, `${path}-shm`].map(identityOf);
    opened = { path, database, file, log, index };
  });
  relaxed = false;
}

function openFile({ path, busyTimeoutMs, readonly, create }: Request & { kind: 'open' }): Database.Database {
  // libsql makes what is not there, and gives a file that cannot be opened no code.
  if (!create && identityOf(path) === undefined) throw coded('SQLITE_CANTOPEN', `${path} is not there`);
  let database: Database.Database;
  try {
    database = new Database(path, { timeout: busyTimeoutMs });
  } catch (error) {
    throw coded('SQLITE_CANTOPEN', String(error));
  }
  try {
    if (!readonly) database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    database.exec('PRAGMA foreign_keys = ON');
    if (readonly) database.exec('PRAGMA query_only = ON');
    // Whoever reads opens the log.
    database.exec('SELECT count(*) FROM sqlite_master');
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/** The open database, as long as its path leads to it: what is written to a file that was moved away is lost. */
function unmoved(): Database.Database {
  if (opened === undefined) throw coded(MOVED, 'the store is not open');
  const { database, path } = opened;
  if (!database.inTransaction && isMoved(opened)) throw coded(MOVED, `${path} was moved away or replaced`);
  return database;
}

/**
 * One that was put back is the same file with another log: whoever slept meanwhile remembers what is old, and writes to
 * nobody. With another index of the same log he would not see what others write.
 */
function isMoved({ path, file, log, index }: Opened): boolean {
  const isOther = (name: string, known: string | undefined): boolean =>
    known !== undefined && identityOf(name) !== known;
  return identityOf(path) !== file || isOther(`${path}-wal`, log) || isOther(`${path}-shm`, index);
}

const TRANSACTION = /^(begin|commit|rollback|savepoint|release)/i;
/** Also where it answers with rows (`returning`). */
const WRITE = /^(insert|update|delete|replace)/i;

function query(database: Database.Database, sql: string, parameters: readonly Parameter[]): QueryRows {
  if (TRANSACTION.test(sql)) {
    if (/^begin/i.test(sql)) synchronize(database, sql);
    database.exec(sql);
    return { rows: [] };
  }
  const statement = database.prepare(sql);
  synchronize(database, sql);
  // Parameters go in as one array: libsql takes a single bare null for a set of named ones.
  if (statement.reader) {
    const all = (): QueryRows => ({ rows: statement.all(parameters) as QueryRows['rows'] });
    return WRITE.test(sql) ? locked(database, all) : all();
  }
  return locked(database, () => ({ rows: [], changes: statement.run(parameters).changes }));
}

/**
 * What is acknowledged survives a power cut, but for what comes many times a second: that is on the disk with the next
 * of the rest, at the latest with the record of the evaluation that the samples are of. Samples that a power cut undid
 * before are drawn again; of undone steps the run says that they are missing.
 */
const MANY = /^insert into "(samples|step_metrics)"/;
let relaxed = false;

function synchronize(database: Database.Database, sql: string): void {
  const many = MANY.test(sql);
  if (many === relaxed || database.inTransaction) return;
  database.exec(`PRAGMA synchronous = ${many ? 'NORMAL' : 'FULL'}`);
  relaxed = many;
}

/**
 * libsql leaves a statement that found the file locked unfinished. SQLite then counts it as a writer still at work:
 * whatever is written next is not committed, and is undone once the statement is collected. So the lock is taken first,
 * by a statement that cannot be left behind.
 */
function locked<T>(database: Database.Database, write: () => T): T {
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
}

function close(): void {
  opened?.database.close();
  opened = undefined;
}

/**
 * Closes a file that was moved away. Its log stays behind under its old name, where SQLite would take it for that of
 * the file that is there now, and mix the two: what stands in it goes into the moved file, and the log out of the way.
 */
function leave(): void {
  if (opened === undefined) return;
  const { path, database, file, log } = opened;
  guard?.alone(() => {
    if (identityOf(path) === file || log === undefined || identityOf(`${path}-wal`) !== log) return;
    try {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // A disk that is gone takes nothing any more.
    }
    putAway(path);
  });
  close();
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function asFailure(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { message, ...(code !== undefined && { code }) };
}
