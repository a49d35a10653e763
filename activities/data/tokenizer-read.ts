/**
 * A tokenizer.json as threads share it: what is large in it, vocabulary and merges, as tables of numbers that were made
 * once; the rest as the text that it is. As objects, a file of 30 MB is two hundred megabytes of every thread.
 */
import { readFile } from 'node:fs/promises';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { sha256 } from '../../store/artifacts/artifacts.ts';
import { mergeTable } from './byte-pairs.ts';
import { readsPairs } from './encoder.ts';
import { JsonBytes, type Span } from './json-bytes.ts';
import { otherForm } from './tokenizer-files.ts';
import { TokenizerFile, UnknownPart } from './tokenizer-parts.ts';
import { Vocabulary, vocabularyTables, type VocabularyTables } from './vocabulary.ts';

export interface ReadTokenizer {
  readonly path: string;
  /** sha256 of the file. */
  readonly hash: string;
  /** JSON in UTF-8: the file without what `pairs` has, or all of it. */
  readonly json: Uint8Array;
  /** Of a model whose merges are read here, and not by the library. */
  readonly pairs?: { readonly vocabulary: VocabularyTables; readonly merges: Int32Array } | undefined;
}

export async function readTokenizer(path: string): Promise<ReadTokenizer> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new PawlError('InvalidRequest', `The tokenizer ${path} cannot be read: correct model.tokenizer.`, { cause });
  });
  const form = otherForm(path, bytes);
  if (form !== undefined) throw new PawlError('InvalidRequest', form);
  const hash = sha256(bytes);
  return { path, hash, ...readingOf(path, () => tablesOf(bytes)) };
}

/** Runs what reads a tokenizer; errors name the file and the remedy. */
export function readingOf<Value>(path: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof UnknownPart) {
      const message = `${path}: ${cause.message}; set model.tokenizer to one without it.`;
      throw new PawlError('InvalidRequest', message, { cause });
    }
    const what = `${path} is not a Hugging Face tokenizer.json`;
    throw new PawlError(
      'InvalidRequest',
      `${what}: set model.tokenizer to one that transformers or tokenizers saved.`,
      { cause },
    );
  }
}

function tablesOf(bytes: Buffer): Pick<ReadTokenizer, 'json' | 'pairs'> {
  const { vocab, merges } = largeParts(bytes);
  if (vocab === undefined || merges === undefined) return { json: shared([bytes]) };
  const rest = without(bytes, [
    { ...vocab, instead: '{}' },
    { ...merges, instead: '[]' },
  ]);
  const { model, added_tokens: added } = TokenizerFile.parse(JSON.parse(Buffer.concat(rest).toString('utf8')));
  const tables = vocabularyTables(
    (function* () {
      yield* vocabularyOf(bytes, vocab);
      for (const { content, id } of added) yield [content, id];
    })(),
  );
  const vocabulary = new Vocabulary(tables);
  if (!readsPairs(model, vocabulary)) return { json: shared([bytes]) };
  return { json: shared(rest), pairs: { vocabulary: tables, merges: mergeTable(vocabulary, mergesOf(bytes, merges)) } };
}

/** An object `model.vocab` and an array `model.merges`. */
function largeParts(bytes: Buffer): { vocab?: Span; merges?: Span } {
  const found: { vocab?: Span; merges?: Span } = {};
  const walk = new JsonBytes(bytes);
  for (const key of walk.keys()) {
    if (key !== 'model' || walk.peek() !== '{') {
      walk.skip();
      continue;
    }
    for (const part of walk.keys()) {
      const begins = walk.peek();
      const span = walk.skip();
      if (part === 'vocab' && begins === '{') found.vocab = span;
      if (part === 'merges' && begins === '[') found.merges = span;
    }
  }
  return found;
}

function* vocabularyOf(bytes: Buffer, { start }: Span): Generator<[token: string, id: number]> {
  const walk = new JsonBytes(bytes, start);
  for (const token of walk.keys()) yield [token, walk.integer()];
}

/** `["a", "b"]`, or `"a b"`. */
function* mergesOf(bytes: Buffer, { start }: Span): Generator<[first: string, second: string]> {
  const walk = new JsonBytes(bytes, start);
  for (const _ of walk.elements()) {
    const parts = walk.peek() === '[' ? Array.from(walk.elements(), () => walk.text()) : walk.text().split(' ', 2);
    const [first = '', second = ''] = parts;
    yield [first, second];
  }
}

/** The bytes around spans, which may stand in any order. */
function without(bytes: Buffer, spans: readonly (Span & { instead: string })[]): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { start, end, instead } of spans.toSorted((one, other) => one.start - other.start)) {
    pieces.push(bytes.subarray(from, start), Buffer.from(instead));
    from = end;
  }
  return [...pieces, bytes.subarray(from)];
}

function shared(pieces: readonly Buffer[]): Uint8Array {
  const all = new Uint8Array(new SharedArrayBuffer(pieces.reduce((length, piece) => length + piece.length, 0)));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
