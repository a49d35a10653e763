/**
 * How far the making of a dataset is: a note beside the artifacts, under a key of everything that its tokens depend on
 * but the text itself. The text is looked at again, since files change: only where its bytes are still the same is what
 * was made of them taken over. A lost note costs time and nothing else.
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { sha256, type Artifacts } from '../../store/artifacts/artifacts.ts';
import { Part } from './manifest.ts';
import type { DataSettings } from './tokenize-range.ts';
import { NOTHING, Totals } from './totals.ts';

/** To be raised with every change of how text becomes tokens. */
const VERSION = 2;

const Entry = z.object({
  /** Ranges that are done. */
  range: z.number().int(),
  /** Examples of the next range that are in a part already. */
  taken: z.number().int(),
  /** Of the digests of the ranges that are done. */
  chain: z.string(),
  /** Of the ranges that are done. */
  totals: Totals,
  parts: z.array(Part),
  /** The artifact, where all is done. */
  done: z.string().optional(),
});
export type JournalEntry = z.output<typeof Entry>;

const BEGINNING: JournalEntry = { range: 0, taken: 0, chain: '', totals: NOTHING, parts: [] };

export function link(chain: string, digest: string): string {
  return sha256(chain + digest);
}

/** The last entry that still holds: its text is the same, and what was made of it is there. */
export async function lastEntry(
  artifacts: Artifacts,
  key: string,
  date: string | undefined,
  digests: (ranges: number) => AsyncIterable<string> | undefined,
): Promise<JournalEntry> {
  const parsed = Entry.safeParse(await artifacts.note(key));
  if (!parsed.success) return BEGINNING;
  const entry = parsed.data;
  const { date: told = date } = entry.totals.chatFacts ?? {};
  if (told !== date) return BEGINNING;
  const found = digests(entry.range);
  if (found === undefined) return BEGINNING;
  let chain = BEGINNING.chain;
  for await (const digest of found) chain = link(chain, digest);
  if (chain !== entry.chain) return BEGINNING;
  const needed = [...entry.parts.map(({ hash }) => hash), ...(entry.done === undefined ? [] : [entry.done])];
  for (const hash of needed) if (!(await artifacts.renew(hash))) return BEGINNING;
  return entry;
}

/** Everything beside the tokenizer counts as part of it: templates lie there, and what they refer to. */
export async function journalKey(facts: {
  readonly tokenizer: string;
  readonly settings: DataSettings;
  readonly files: readonly string[];
  readonly rangeBytes: number;
}): Promise<string> {
  // The day counts only for templates that ask for it: `lastEntry` looks.
  const { date: _date, ...chat } = facts.settings.chat;
  const beside = await readdir(dirname(chat.tokenizer)).catch(() => []);
  const companions = beside.filter(
    (name) => /\.(jinja|json)$/.test(name) && join(dirname(chat.tokenizer), name) !== chat.tokenizer,
  );
  const paths = [...companions.sort().map((name) => join(dirname(chat.tokenizer), name)), chat.template];
  const contents = await Promise.all(
    paths.map(async (path) => (path === undefined ? '' : readFile(path).then(sha256, () => 'unreadable'))),
  );
  return sha256(JSON.stringify([VERSION, { ...facts, settings: { ...facts.settings, chat } }, contents]));
}
