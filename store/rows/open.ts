/** Opens the embedded store: its file in a thread, its migrations, its verbs. */
import { constants } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CamelCasePlugin, Kysely } from 'kysely';
import { threadDialect } from '../sqlite/dialect.ts';
import { StoreUnavailable } from '../sqlite/failures.ts';
import { SqliteThread } from '../sqlite/sqlite-thread.ts';
import { accessTables } from './access-tables.ts';
import { adopting } from './adopt.ts';
import { announcementTables } from './announcement-tables.ts';
import { answerTables } from './answer-tables.ts';
import type { Place } from '../../domain/words/place.ts';
import { branchTables } from './branch-tables.ts';
import { claimTables } from './claim-tables.ts';
import { checkpointTables } from './checkpoint-tables.ts';
import { evaluationTables } from './evaluation-tables.ts';
import { leaseTables } from './lease-tables.ts';
import { listTables } from './list-tables.ts';
import { liveTables } from './live-tables.ts';
import { lookTables } from './looks.ts';
import { migrate, requireMigrated } from './migrate.ts';
import { BLOCKING_MS, patient, patiently } from './patience.ts';
import { promotionTables } from './promotion-tables.ts';
import { promptSetTables } from './prompt-set-tables.ts';
import { retentionTables } from './retention-tables.ts';
import { rewindTables } from './rewind-tables.ts';
import { runTables } from './run-tables.ts';
import type { Sql, Tables } from './schema.ts';
import { sampleTables } from './sample-tables.ts';
import { servingTables } from './serving-tables.ts';
import { specChangeTables } from './spec-change-tables.ts';
import type { Store, StoreReader } from './store.ts';
import { accountTables } from './account-tables.ts';
import { scheduleTables } from './schedule-tables.ts';
import { sweepTables } from './sweep-tables.ts';
import { stepTables } from './step-tables.ts';
import { giveId, workerTables } from './worker-tables.ts';

export interface StoreOptions {
  /** File of the store; made if it is not there, in a folder that must be. */
  readonly path: string;
  /** A reader never creates, migrates or writes. */
  readonly readonly?: boolean;
  /** How long a verb waits while another process holds the store; default 5,000. */
  readonly busyTimeoutMs?: number;
  /** Id of the Temporal namespace whose runs this process works on: kept with every run and lease. */
  readonly namespaceId?: string;
  /** Where this process rents: kept with every lease and checkpoint. */
  readonly place?: Place;
  /** What a store without an id is to be called; absent: drawn. */
  readonly storeId?: string;
  /** Told of every statement, for who wants to know what a question costs. */
  readonly onStatement?: (statement: { readonly sql: string; readonly parameters: readonly unknown[] }) => void;
}

/**
 * Opens the store at `path`, bringing its schema up to date. Safe from several processes at the same time. Whenever the
 * file is moved away or replaced, the next verb opens what is there then. Where it cannot be: `StoreUnavailable`.
 */
export async function openStore(options: StoreOptions & { readonly: true }): Promise<StoreReader>;
export async function openStore(options: StoreOptions): Promise<Store>;
export async function openStore(options: StoreOptions): Promise<Store> {
  const { readonly = false, busyTimeoutMs = 5_000 } = options;
  const path = resolve(options.path);
  const thread = new SqliteThread({ path, readonly, busyTimeoutMs: Math.min(BLOCKING_MS, busyTimeoutMs) });
  // Should the file be lost, the one that takes its place is the same store.
  let storeId = options.storeId ?? randomUUID();
  const open = async (): Promise<void> => {
    await (readonly ? requireFile(path) : requireFolder(path));
    await thread.open();
    try {
      const db: Sql = connect(thread);
      await (readonly ? requireMigrated(db, path) : migrate(db, path));
      if (!readonly) storeId = await giveId(db, storeId);
    } catch (error) {
      // Nobody works with a schema that is not ours: the next verb opens it again.
      await thread.shut();
      throw error;
    }
  };
  try {
    await patiently(open, busyTimeoutMs * OTHERS_MIGRATE);
  } catch (error) {
    await thread.close();
    throw error;
  }
  const db: Sql = connect(thread, open, options.onStatement);
  const verbs = {
    ...runTables(db, options.namespaceId ?? null),
    ...stepTables(db),
    ...branchTables(db),
    ...rewindTables(db),
    ...specChangeTables(db),
    ...checkpointTables(db, options.place),
    ...evaluationTables(db),
    ...lookTables(db),
    ...listTables(db),
    ...sampleTables(db),
    ...answerTables(db),
    ...promptSetTables(db),
    ...servingTables(db),
    ...retentionTables(db),
    ...promotionTables(db),
    ...leaseTables(db, { namespaceId: options.namespaceId ?? null, place: options.place }),
    ...workerTables(db),
    ...claimTables(db),
    ...sweepTables(db),
    ...accessTables(db),
    ...liveTables(db),
    ...announcementTables(db),
    ...scheduleTables(db),
    ...accountTables(db),
  };
  const close = async (): Promise<void> => {
    await db.destroy();
    // Kysely ends no driver that was asked nothing.
    await thread.close();
  };
  return { ...patient(adopting(db, verbs), busyTimeoutMs), close };
}

/** Others may be at work on the schema, one after the other: opening is waited for longer than a row. */
const OTHERS_MIGRATE = 6;

function connect(thread: SqliteThread, reopen?: () => Promise<void>, onStatement?: StoreOptions['onStatement']): Sql {
  return new Kysely<Tables>({
    dialect: threadDialect(thread, reopen),
    plugins: [new CamelCasePlugin()],
    ...(onStatement !== undefined && { log: ({ query }) => onStatement(query) }),
  });
}

async function requireFolder(path: string): Promise<void> {
  const folder = dirname(path);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw new StoreUnavailable('lost', `The store's folder ${folder} does not exist: create it, or choose another.`);
  }
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new StoreUnavailable(
      'read-only',
      `The store's folder ${folder} may not be written: change its permissions.`,
      { cause },
    );
  });
}

async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw new StoreUnavailable('lost', `There is no store at ${path} yet: a worker makes it (pawl up).`);
  }
}
