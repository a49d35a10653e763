/** Brings a store to the newest schema: forward only, and once, however many processes open it at the same time. */
import { Migrator, sql } from 'kysely';
import type { Migration } from 'kysely';
import { StoreUnavailable } from '../sqlite/failures.ts';
import { up as first } from './migrations/0001-first.ts';
import { up as leases } from './migrations/0002-leases.ts';
import { up as promptAliases } from './migrations/0003-prompt-aliases.ts';
import { up as checkpointTrainers } from './migrations/0004-checkpoint-trainers.ts';
import { up as suites } from './migrations/0005-suites.ts';
import { up as branches } from './migrations/0006-branches.ts';
import { up as promotions } from './migrations/0007-promotions.ts';
import { up as serving } from './migrations/0008-serving.ts';
import { up as records } from './migrations/0009-records.ts';
import { up as evaluationsByPrompts } from './migrations/0010-evaluations-by-prompts.ts';
import { up as places } from './migrations/0011-places.ts';
import { up as derived } from './migrations/0012-derived.ts';
import { up as stepMetrics } from './migrations/0013-step-metrics.ts';
import { up as stepChunks } from './migrations/0014-step-chunks.ts';
import { up as narrowQuestions } from './migrations/0015-narrow-questions.ts';
import { up as endings } from './migrations/0016-endings.ts';
import { up as claims } from './migrations/0017-claims.ts';
import { up as validation } from './migrations/0018-validation.ts';
import { up as specChanges } from './migrations/0019-spec-changes.ts';
import { up as sweeps } from './migrations/0020-sweeps.ts';
import { up as announcements } from './migrations/0021-announcements.ts';
import { up as schedules } from './migrations/0022-schedules.ts';
import { up as sweepWinners } from './migrations/0023-sweep-winners.ts';
import { up as sweepChanges } from './migrations/0024-sweep-changes.ts';
import { up as access } from './migrations/0025-access.ts';
import { up as accounts } from './migrations/0026-accounts.ts';
import type { Sql } from './schema.ts';

const MIGRATIONS: Record<string, Migration> = {
  '0001-first': { up: first },
  '0002-leases': { up: leases },
  '0003-prompt-aliases': { up: promptAliases },
  '0004-checkpoint-trainers': { up: checkpointTrainers },
  '0005-suites': { up: suites },
  '0006-branches': { up: branches },
  '0007-promotions': { up: promotions },
  '0008-serving': { up: serving },
  '0009-records': { up: records },
  '0010-evaluations-by-prompts': { up: evaluationsByPrompts },
  '0011-places': { up: places },
  '0012-derived': { up: derived },
  '0013-step-metrics': { up: stepMetrics },
  '0014-step-chunks': { up: stepChunks },
  '0015-narrow-questions': { up: narrowQuestions },
  '0016-endings': { up: endings },
  '0017-claims': { up: claims },
  '0018-validation': { up: validation },
  '0019-spec-changes': { up: specChanges },
  '0020-sweeps': { up: sweeps },
  '0021-announcements': { up: announcements },
  '0022-schedules': { up: schedules },
  '0023-sweep-winners': { up: sweepWinners },
  '0024-sweep-changes': { up: sweepChanges },
  '0025-access': { up: access },
  '0026-accounts': { up: accounts },
};

function migrator(db: Sql): Migrator {
  return new Migrator({ db, provider: { getMigrations: () => Promise.resolve(MIGRATIONS) } });
}

async function pending(db: Sql): Promise<boolean> {
  const done = new Set(await applied(db));
  return Object.keys(MIGRATIONS).some((name) => !done.has(name));
}

/** By name. Kysely's own question reads every table and column there is, a tenth of what a command takes to start. */
async function applied(db: Sql): Promise<readonly string[]> {
  const { rows } = await sql`select 1 from sqlite_master where type = 'table' and name = 'kysely_migration'`.execute(
    db,
  );
  if (rows.length === 0) return [];
  const done = db.withTables<{ kyselyMigration: { name: string } }>().selectFrom('kyselyMigration').select('name');
  return (await done.execute()).map(({ name }) => name);
}

/**
 * Kysely takes no lock across processes on SQLite, so the whole migration runs inside one write transaction: a second
 * process waits for it, and then finds nothing left to do.
 */
export async function migrate(db: Sql, path: string): Promise<void> {
  if (!(await pending(db))) return refuseNewer(db, path);
  await db.connection().execute(async (connection) => {
    await sql`begin immediate`.execute(connection);
    const { error } = await migrator(connection).migrateToLatest();
    await (error === undefined ? sql`commit` : sql`rollback`).execute(connection);
    if (error === undefined) return;
    if (error instanceof StoreUnavailable) throw error;
    throw new StoreUnavailable('schema', `The store ${path} could not be migrated; move it aside to start anew.`, {
      cause: error,
    });
  });
}

/** For readers, who may not write: the schema must be this version's already. */
export async function requireMigrated(db: Sql, path: string): Promise<void> {
  if (await pending(db)) {
    throw new StoreUnavailable(
      'schema',
      `The store ${path} has an older schema: start a worker once (pawl up), which brings it up to date.`,
    );
  }
  await refuseNewer(db, path);
}

/** A schema from the future may have other meanings: better not to touch it. */
async function refuseNewer(db: Sql, path: string): Promise<void> {
  const unknown = (await applied(db)).filter((name) => !(name in MIGRATIONS));
  if (unknown.length === 0) return;
  throw new StoreUnavailable(
    'schema',
    `The store ${path} was made by a newer pawl (migration ${unknown.join(', ')}): upgrade pawl, or use another store.`,
  );
}
