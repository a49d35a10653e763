/**
 * Training data becomes a tokenized dataset: ranges of its files go to the threads, examples come back in order and are
 * stored part by part, whatever their number in the same little memory. A journal of what is done lies beside the
 * artifacts, under a key of everything that the tokens depend on: another attempt, or another run of the same data,
 * looks at the bytes it names once more and goes on behind them.
 */
import { stat } from 'node:fs/promises';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import type { Compute } from '../compute/compute.ts';
import { inOrder } from './in-order.ts';
import { journalKey, lastEntry, link, type JournalEntry } from './journal.ts';
import { requireFile } from './jsonl.ts';
import type { FileRange } from './lines.ts';
import { encodeManifest } from './manifest.ts';
import { WEIGHT_ZERO, noticeLines, type NoticeLine } from './notices.ts';
import { requireLittleEndian } from './part-format.ts';
import { PartWriter } from './part-writer.ts';
import { dataFiles } from './sources.ts';
import type { DataSettings, TokenizedRange } from './tokenize-range.ts';
import { plus, type LeftRow, type Totals } from './totals.ts';
import { unpackAll, type Source } from './unpack-all.ts';
import { ROW_EXAMPLE } from './training-rows.ts';

/** A second's work, more or less. */
const RANGE_BYTES = 1_024 * 1_024;
/** Generous: a machine may have little time for us, and slow is not failed. */
const RANGE_MS = 30 * 60_000;

/** What `importDataset` made, and left out. */
export interface ImportedDataset {
  /** sha256 of the tokenizer's file. */
  readonly tokenizer: string;
  /** Artifact (sha256); the same rows, tokenizer and settings give the same hash. */
  readonly hash: string;
  /** Lines that hold one. */
  readonly rows: number;
  /** Lines that the other side of the holdout has. */
  readonly elsewhere: number;
  readonly examples: number;
  /** Longer than `maxTokens`. */
  readonly dropped: number;
  /** All that was left out: examples that are longer, and rows whose weight is 0. */
  readonly leftOut: number;
  /** The first of them. */
  readonly left: readonly LeftRow[];
  readonly tokens: number;
  readonly maxExampleTokens: number;
  /** What is worth telling of the rows, with their number. */
  readonly notices: readonly NoticeLine[];
}

export interface ImportProgress {
  /** Pieces of the files, of about equal size. */
  readonly ranges: number;
  readonly of: number;
  readonly examples: number;
}

export interface DatasetImport extends DataSettings {
  /** A file, a folder of files, or several of either. */
  readonly train: string | readonly string[];
  /** The field that names it; default: data.train. */
  readonly field?: string;
  /** What the model can hold, which no setting raises; absent: not known. */
  readonly contextTokens?: number | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Told of a file that is no plain JSONL how many bytes of that it has become. */
  readonly onUnpacked?: (file: string, bytes: number) => void;
  /** For tests: bytes of a range, words of a part. */
  readonly rangeBytes?: number;
  readonly partWords?: number;
}

export interface ImportPorts {
  readonly artifacts: Artifacts;
  readonly compute: Compute;
}

/** Tokenizes rows of prompt and completion, or of messages, and stores them; the same rows make the same artifact. */
export async function importDataset(ports: ImportPorts, options: DatasetImport): Promise<ImportedDataset> {
  requireLittleEndian();
  const stop = new AbortController();
  const cancel = (): void => stop.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', cancel, { once: true });
  if (options.signal?.aborted === true) cancel();
  try {
    return await importUntil(ports, options, stop);
  } finally {
    options.signal?.removeEventListener('abort', cancel);
  }
}

async function importUntil(
  ports: ImportPorts,
  options: DatasetImport,
  stop: AbortController,
): Promise<ImportedDataset> {
  const { train, field = 'data.train' } = options;
  const { signal } = stop;
  const files = await dataFiles(train);
  for (const file of files) await requireFile(file, field);
  const unpacked = await unpackAll(ports, files, {
    signal,
    ...(options.onUnpacked && { onUnpacked: options.onUnpacked }),
  });
  try {
    return await importFrom(ports, { ...options, files, sources: unpacked.sources }, stop);
  } finally {
    await unpacked.remove();
  }
}

interface FromSources extends DatasetImport {
  readonly files: readonly string[];
  readonly sources: readonly Source[];
}

async function importFrom(ports: ImportPorts, options: FromSources, stop: AbortController): Promise<ImportedDataset> {
  const { artifacts, compute } = ports;
  const {
    chat,
    maxTokens,
    endToken,
    preferences,
    holdout,
    partWords,
    rangeBytes = RANGE_BYTES,
    files,
    sources,
  } = options;
  const settings: DataSettings = { chat, maxTokens, endToken, preferences, holdout };
  const { signal } = stop;
  const ranges = await rangesOf(sources, rangeBytes);
  const loading = { signal, what: `loading ${chat.tokenizer}` };
  const loaded = await compute.run('data.tokenizer', { path: chat.tokenizer, endToken }, loading);
  const { hash: tokenizer, endTokens, read } = loaded;
  const key = await journalKey({ tokenizer, settings, files, rangeBytes });
  const width = 2 * compute.parallelism;
  const begun = await lastEntry(artifacts, key, chat.date, (count) => {
    if (count > ranges.length) return undefined;
    const run = async (range: FileRange): Promise<string> => compute.run('data.digest', range, { signal });
    return inOrder(ranges.slice(0, count), { width, stop, run });
  });
  let { totals, chain } = begun;
  const all = begun.range === ranges.length ? begun.done : undefined;
  if (all !== undefined) return resultOf(all, tokenizer, totals);

  const writer = new PartWriter(artifacts, { parts: begun.parts, partWords });
  const run = async (range: FileRange): Promise<TokenizedRange> =>
    compute.run(
      'data.tokenizeRange',
      { range, settings, tokenizer: read },
      { signal, timeoutMs: RANGE_MS, what: nameOf(range) },
    );
  let number = begun.range;
  const rest = ranges.slice(number);
  const work = async (range: FileRange): Promise<Done> => ({ range, made: await run(range) });
  for await (const { range, made } of inOrder(rest, { width, stop, run: work })) {
    const before = { range: number, chain, totals };
    await writer.add(made, {
      from: number === begun.range ? begun.taken : 0,
      onPart: async (taken) =>
        artifacts.keepNote(key, { ...before, taken, parts: writer.parts } satisfies JournalEntry),
    });
    totals = plus(totals, made, range);
    chain = link(chain, made.digest);
    number += 1;
    options.onProgress?.({ ranges: number, of: ranges.length, examples: totals.examples });
  }
  await writer.close();
  const { parts } = writer;
  const counts = countsOf(totals);
  if (counts.examples === 0) throw nothingLeft(options, totals);
  const manifest = { tokenizer, maxTokens, endTokens, ...counts, ...totals.chatFacts, preferences, parts };
  const done = await artifacts.put(encodeManifest(manifest));
  await artifacts.keepNote(key, { range: number, taken: 0, chain, totals, parts, done } satisfies JournalEntry);
  return resultOf(done, tokenizer, totals);
}

interface Done {
  readonly range: FileRange;
  readonly made: TokenizedRange;
}

async function rangesOf(sources: readonly Source[], rangeBytes: number): Promise<FileRange[]> {
  const ranges: FileRange[] = [];
  for (const { path, name } of sources) {
    const { size } = await stat(path);
    for (let start = 0; start < size; start += rangeBytes) {
      ranges.push({ path, ...(name !== undefined && { name }), start, end: Math.min(size, start + rangeBytes) });
    }
  }
  return ranges;
}

function nameOf({ path, name = path, start, end }: FileRange): string {
  return `${name}, the rows that begin in bytes ${start} to ${end}`;
}

function countsOf({
  examples,
  dropped,
  tokens,
  maxExampleTokens,
}: Totals): Pick<Totals, 'examples' | 'dropped' | 'tokens' | 'maxExampleTokens'> {
  return { examples, dropped, tokens, maxExampleTokens };
}

function resultOf(hash: string, tokenizer: string, totals: Totals): ImportedDataset {
  const { rows, elsewhere = 0, left, notices } = totals;
  const leftOut = totals.dropped + (notices[WEIGHT_ZERO] ?? 0);
  const counts = { rows, elsewhere, leftOut, left, ...countsOf(totals) };
  return { hash, tokenizer, ...counts, notices: noticeLines(notices, rows) };
}

function nothingLeft(
  { train, field = 'data.train', holdout, maxTokens, contextTokens }: DatasetImport,
  { dropped, elsewhere = 0 }: Totals,
): PawlError {
  const names = typeof train === 'string' ? train : train.join(', ');
  if (dropped > 0) {
    const remedy = lengthRemedy({ maxTokens, contextTokens });
    const all = `all ${dropped} examples of ${names} are longer than ${maxTokens} tokens`;
    return new PawlError('InvalidRequest', `${field}: ${all}; ${remedy}.`);
  }
  if (holdout !== undefined && elsewhere > 0) {
    const [which, remedy] = holdout.side === 'held out' ? ['none', 'raise it'] : ['all', 'lower it'];
    const what = `${holdout.fraction} of the ${elsewhere} rows of ${names} comes to ${which} of them`;
    const message = `data.holdout: ${what}; ${remedy}, or name a file of its own in evaluate.loss.data.`;
    return new PawlError('InvalidRequest', message);
  }
  return new PawlError('InvalidRequest', `${field}: ${names} has no rows; write one ${ROW_EXAMPLE} per line.`);
}

/** What lets longer examples in: the setting, as far as the model goes. */
export function lengthRemedy({ maxTokens, contextTokens }: Pick<DatasetImport, 'maxTokens' | 'contextTokens'>): string {
  if (contextTokens === undefined) return 'raise data.maxTokens, as far as the model’s context goes';
  if (maxTokens < contextTokens) return `raise data.maxTokens, up to the model’s context of ${contextTokens}`;
  return (
    `the model’s context has room for no more (raising data.maxTokens changes nothing): ` +
    'shorten or split the rows, or choose a shape with a longer context'
  );
}
