/** SQLite in a thread, as Kysely needs it: one connection, taken in turns. */
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
} from 'kysely';
import { FileMoved, type SqliteThread } from './sqlite-thread.ts';

/** `reopen` opens the file that the path leads to now, and brings it up to date; absent: a moved file is a failure. */
export function threadDialect(thread: SqliteThread, reopen?: () => Promise<void>): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ThreadDriver(thread, reopen),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

class ThreadDriver implements Driver {
  readonly #thread: SqliteThread;
  readonly #connection: ThreadConnection;
  /** Whoever holds the connection, and all who wait for it. */
  #last: Promise<void> = Promise.resolve();
  #release: (() => void) | undefined;

  constructor(thread: SqliteThread, reopen: (() => Promise<void>) | undefined) {
    this.#thread = thread;
    this.#connection = new ThreadConnection(thread, reopen);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#last;
    let release: () => void = () => undefined;
    this.#last = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    this.#release = release;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#release?.();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // The lock is taken first: a transaction that reads, then writes, could lose it in between.
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
    this.#connection.within = true;
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
    this.#connection.within = false;
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // What was begun in a file that was moved away since went with it.
    try {
      await connection.executeQuery(CompiledQuery.raw('rollback'));
    } catch (error) {
      if (!(error instanceof FileMoved)) throw error;
    } finally {
      this.#connection.within = false;
    }
  }

  async destroy(): Promise<void> {
    await this.#thread.close();
  }
}

class ThreadConnection implements DatabaseConnection {
  /** A transaction is open: its statements belong to the file in which it was begun, and to no other. */
  within = false;
  readonly #thread: SqliteThread;
  readonly #reopen: (() => Promise<void>) | undefined;

  constructor(thread: SqliteThread, reopen: (() => Promise<void>) | undefined) {
    this.#thread = thread;
    this.#reopen = reopen;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { rows, changes } = await this.#ask(sql, parameters);
    return {
      rows: rows as unknown as Row[],
      ...(changes !== undefined && { numAffectedRows: BigInt(changes) }),
    };
  }

  // eslint-disable-next-line require-yield
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('the store is read in pages, not in streams');
  }

  async #ask(sql: string, parameters: readonly unknown[]): ReturnType<SqliteThread['query']> {
    try {
      return await this.#thread.query(sql, parameters);
    } catch (error) {
      if (!(error instanceof FileMoved) || this.#reopen === undefined || this.within) throw error;
    }
    await this.#reopen();
    return this.#thread.query(sql, parameters);
  }
}
