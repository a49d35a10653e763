/** What a question costs: the statements it sends, how SQLite would carry them out, and how many rows come back. */
import Database from 'libsql';
import { openStore } from '../../store/index.ts';
import type { Store } from '../../store/index.ts';

interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export interface Watched {
  readonly store: Store;
  /** What a question sent. */
  readonly during: (ask: (store: Store) => Promise<unknown>) => Promise<readonly Statement[]>;
}

export async function openWatched(path: string): Promise<Watched> {
  const sent: Statement[] = [];
  const store = await openStore({ path, onStatement: ({ sql, parameters }) => sent.push({ sql, parameters }) });
  return {
    store,
    async during(ask) {
      sent.length = 0;
      await ask(store);
      return [...sent];
    },
  };
}

/** But of rows that stand in the statement itself, or are made by it one by one. */
const SCAN = /^SCAN (?!CONSTANT ROW|\d+ CONSTANT|\(|given\b|told\b|json_each\b|sampled\b|asked\b)/;

/** The steps of SQLite's plans that read a table, or an index of one, from its one end to the other. */
export function scansOf(path: string, statements: readonly Statement[]): string[] {
  const database = new Database(path);
  try {
    return statements.flatMap(({ sql, parameters }) => {
      const plan = database.prepare(`explain query plan ${sql}`).all([...parameters]) as { detail: string }[];
      const details = plan.map(({ detail }) => detail);
      // The first few of an index in its order.
      const few = sql.endsWith(' limit ?') && !details.some((detail) => detail === 'USE TEMP B-TREE FOR ORDER BY');
      return details.filter((detail) => (few ? /^SCAN \w+$/ : SCAN).test(detail)).map((detail) => `${detail}: ${sql}`);
    });
  } finally {
    database.close();
  }
}

/** How many rows each statement brings back. */
export function rowsOf(path: string, statements: readonly Statement[]): number {
  const database = new Database(path);
  try {
    return statements
      .filter(({ sql }) => /^\s*(select|with)/i.test(sql))
      .reduce((sum, { sql, parameters }) => sum + database.prepare(sql).all([...parameters]).length, 0);
  } finally {
    database.close();
  }
}
