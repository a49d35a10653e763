/** Opens the embedded store: the file, its pragmas, its migrations. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CamelCasePlugin, Kysely, SqliteDialect } from 'kysely';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { branchTables } from './branch-tables.ts';
import { checkpointTables } from './checkpoint-tables.ts';
import { evaluationTables } from './evaluation-tables.ts';
import { leaseTables } from './lease-tables.ts';
import { migrate, requireMigrated } from './migrate.ts';
import { BLOCKING_MS, patient } from './patience.ts';
import { promotionTables } from './promotion-tables.ts';
import { promptSetTables } from './prompt-set-tables.ts';
import { retentionTables } from './retention-tables.ts';
import { rewindTables } from './rewind-tables.ts';
import { runTables } from './run-tables.ts';
import type { Sql, Tables } from './schema.ts';
import { servingTables } from './serving-tables.ts';
import { openSqliteFile } from './sqlite-file.ts';
import type { SqliteFile } from './sqlite-file.ts';
import type { Store, StoreReader } from './store.ts';

export interface StoreOptions {
  /** File of the store; made if it is not there, in a folder that must be. */
  readonly path: string;
  /** A reader never creates, migrates or writes. */
  readonly readonly?: boolean;
  /** How long a verb waits while another process holds the store; default 5,000. */
  readonly busyTimeoutMs?: number;
  /** Id of the Temporal namespace whose runs this process works on: kept with every lease. */
  readonly namespaceId?: string;
}

/** Opens the store at `path`, bringing its schema up to date. Safe from several processes at the same time. */
export async function openStore(options: StoreOptions & { readonly: true }): Promise<StoreReader>;
export async function openStore(options: StoreOptions): Promise<Store>;
export async function openStore(options: StoreOptions): Promise<Store> {
  const path = resolve(options.path);
  await (options.readonly ? requireFile(path) : requireFolder(path));
  const busyTimeoutMs = options.busyTimeoutMs ?? 5_000;
  const file = openSqliteFile(path, { busyTimeoutMs });
  const db: Sql = new Kysely<Tables>({
    dialect: new SqliteDialect({ database: file }),
    plugins: [new CamelCasePlugin()],
  });
  try {
    setPragmas(file, options.readonly ?? false);
    await (options.readonly ? requireMigrated(db, file) : migrate(db, file));
    file.exec(`PRAGMA busy_timeout = ${Math.min(BLOCKING_MS, busyTimeoutMs)}`);
  } catch (error) {
    file.close();
    throw error;
  }
  const verbs = {
    ...runTables(db),
    ...branchTables(db),
    ...rewindTables(db),
    ...checkpointTables(db),
    ...evaluationTables(db),
    ...promptSetTables(db),
    ...servingTables(db),
    ...retentionTables(db),
    ...promotionTables(db),
    ...leaseTables(db, options.namespaceId ?? null),
  };
  return { ...patient(verbs, busyTimeoutMs), close: () => db.destroy() };
}

function setPragmas(file: SqliteFile, readonly: boolean): void {
  // NORMAL in WAL mode: a killed process loses nothing it acknowledged; only a power cut may undo the last writes,
  // which the run then writes again.
  if (!readonly) file.exec('PRAGMA journal_mode = WAL');
  file.exec('PRAGMA synchronous = NORMAL');
  file.exec('PRAGMA foreign_keys = ON');
  if (readonly) file.exec('PRAGMA query_only = ON');
}

async function requireFolder(path: string): Promise<void> {
  const folder = dirname(path);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw new PawlError('InvalidRequest', `The store's folder ${folder} does not exist: create it, or choose another.`);
  }
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new PawlError('InvalidRequest', `The store's folder ${folder} may not be written: change its permissions.`, {
      cause,
    });
  });
}

async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw new PawlError('InvalidRequest', `There is no store at ${path} yet: a worker makes it (pawl up).`);
  }
}
