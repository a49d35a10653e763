/**
 * Text to ids with the parts of the library, but on a way of our own: it takes every text apart into tokens as texts, and
 * looks each up again. Words come again and again, and so do system prompts and tools: what they become is remembered.
 */
import { bytePairs, type BytePairs } from './byte-pairs.ts';
import { byteToken } from './tokenizer-parts.ts';
import type { TokenIds } from './vocabulary.ts';

export interface LibraryParts {
  readonly splitter_unnormalized: Splitter;
  readonly splitter_normalized: Splitter;
  readonly added_tokens_map: ReadonlyMap<string, AddedToken>;
  readonly normalizer: ((text: string) => string) | null;
  readonly pre_tokenizer: PreTokenizer | null;
  readonly model: LibraryModel;
}

interface Splitter {
  split(text: string): string[];
}

interface AddedToken {
  readonly id: number;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

interface PreTokenizer {
  (text: string, options: { section_index: number }): string[];
  readonly tokenizers?: readonly PreTokenizer[];
  /** Only of a byte-level one. */
  readonly byte_encoder?: object;
  readonly use_regex?: boolean;
  readonly add_prefix_space?: boolean;
  /** Only of one that splits. */
  readonly pattern?: RegExp | null;
  readonly config?: { readonly invert?: boolean; readonly behavior?: string };
}

interface LibraryModel {
  (pieces: string[]): string[];
  readonly tokens_to_ids: TokenIds;
  readonly unk_token_id?: number | undefined;
}

/** Tokens of pieces of text. */
type PieceModel = (pieces: readonly string[]) => number[];

/** An id that is undefined: the vocabulary has neither the token nor an unknown-token. */
export class UnknownToken extends Error {
  override readonly name = 'UnknownToken';
}

/** Forgotten altogether at once: most of a language's dictionary fits. */
const MOST_WORDS = 30_000;
/** Longer ones do not come again. */
const LONGEST = 48;
const MOST_SECTIONS = 32;
/** Tools of a conversation fit; a book would be held for nothing. */
const LONGEST_SECTION = 32_768;
/** V8 makes a longer part of a text a view of it, which holds the whole. */
const LONGEST_COPIED = 12;

/** `pairs`: of a model whose merges were read here, and not by the library. */
export function encoderOf(parts: LibraryParts, pairs: BytePairs | undefined): (text: string) => number[] {
  const { normalizer, splitter_normalized: normalized, splitter_unnormalized: plain } = parts;
  const { pieces, bytes } = piecesOf(parts.pre_tokenizer);
  const tokens = pairs === undefined ? byLibrary(parts) : remembering(pairs, bytes);
  const sections = new Map<string, readonly number[]>();

  const words = (text: string, section: number): number[] => {
    const ids: number[] = [];
    for (const part of splitAt(normalized, parts, normalizer === null ? text : normalizer(text))) {
      if (typeof part === 'number') ids.push(part);
      else if (part !== '') append(ids, tokens(pieces(part, section)));
    }
    return ids;
  };
  const remembered = (text: string, section: number): readonly number[] => {
    if (text.length > LONGEST_SECTION) return words(text, section);
    // Some put something before the first one.
    const key = section === 0 ? `^${text}` : `-${text}`;
    const known = sections.get(key);
    if (known !== undefined) return known;
    const made = words(text, section);
    if (sections.size >= MOST_SECTIONS) sections.clear();
    sections.set(key, made);
    return made;
  };
  return (text) => {
    const ids: number[] = [];
    for (const [section, part] of splitAt(plain, parts, text).entries()) {
      if (typeof part === 'number') ids.push(part);
      else if (part !== '') append(ids, remembered(part, section));
    }
    return ids;
  };
}

function append(ids: number[], more: readonly number[]): void {
  for (const id of more) ids.push(id);
}

/** Added tokens as ids, and what is between them; empty texts keep their place. */
function splitAt(splitter: Splitter, { added_tokens_map: added }: LibraryParts, text: string): (string | number)[] {
  const sections = splitter.split(text);
  for (const [index, section] of sections.entries()) {
    const token = added.get(section);
    if (token?.lstrip === true && index > 0) sections[index - 1] = (sections[index - 1] ?? '').trimEnd();
    if (token?.rstrip === true && index + 1 < sections.length) {
      sections[index + 1] = (sections[index + 1] ?? '').trimStart();
    }
  }
  return sections.map((section) => added.get(section)?.id ?? section);
}

interface Pieces {
  readonly pieces: (text: string, section: number) => readonly string[];
  /** What is left to be done with each piece, which depends on the piece alone. */
  readonly bytes: (piece: string) => readonly string[];
}

const itself = (piece: string): readonly string[] => [piece];

function piecesOf(pre: PreTokenizer | null): Pieces {
  if (pre === null) return { pieces: itself, bytes: itself };
  const last = pre.tokenizers?.at(-1);
  const isBytes = last?.byte_encoder !== undefined && last.use_regex === false && last.add_prefix_space !== true;
  const parts = (isBytes ? pre.tokenizers?.slice(0, -1) : undefined) ?? [pre];
  const pieces = (text: string, section: number): readonly string[] =>
    parts.reduce<string[]>((found, part) => found.flatMap((piece) => split(part, piece, section)), [text]);
  return { pieces, bytes: isBytes ? (piece) => last(piece, { section_index: 0 }) : itself };
}

/** The same as the part by itself, without an object for each match where matches are all that there is. */
function split(part: PreTokenizer, text: string, section: number): string[] {
  const { pattern, config } = part;
  if (pattern instanceof RegExp && config?.invert !== true && config?.behavior === 'Isolated') {
    const found: string[] = text.match(pattern) ?? [];
    if (found.reduce((length, piece) => length + piece.length, 0) === text.length) {
      return found.includes('') ? found.filter((piece) => piece !== '') : found;
    }
  }
  return part(text, { section_index: section });
}

function remembering(pairs: BytePairs, bytes: Pieces['bytes']): PieceModel {
  const known = new Map<string, readonly number[]>();
  const make = (piece: string): readonly number[] => bytes(piece).flatMap((part) => pairs.encode(part));
  const idsOf = (piece: string): readonly number[] => {
    if (piece.length > LONGEST) return make(piece);
    const found = known.get(piece);
    if (found !== undefined) return found;
    const made = make(piece);
    if (known.size >= MOST_WORDS) known.clear();
    // Without the room that merging left behind.
    known.set(copyOf(piece), made.slice());
    return made;
  };
  return (pieces) => {
    const ids: number[] = [];
    for (const piece of pieces) append(ids, idsOf(piece));
    return ids;
  };
}

function copyOf(piece: string): string {
  return piece.length > LONGEST_COPIED ? Buffer.from(piece, 'utf16le').toString('utf16le') : piece;
}

/** Models that are not of byte pairs, and those that look at several pieces at once. */
function byLibrary({ model, added_tokens_map: added, pre_tokenizer: pre }: LibraryParts): PieceModel {
  const { bytes } = piecesOf(pre);
  return (pieces) => {
    const all = pieces.flatMap(bytes);
    if (all.length === 0) return [];
    return model(all).map((token) => {
      const id = added.get(token)?.id ?? model.tokens_to_ids.get(token) ?? model.unk_token_id;
      if (id === undefined) throw new UnknownToken(token);
      return id;
    });
  };
}

/** What of a tokenizer.json's model is read here. */
export interface ModelFile {
  readonly type?: string | undefined;
  readonly unk_token?: string | null | undefined;
  readonly [field: string]: unknown;
}

/** Whether the merges of a model are read here; the library's own model is left to do the others. */
export function readsPairs({ type, end_of_word_suffix: suffix, ...file }: ModelFile, vocab: TokenIds): boolean {
  if (type !== 'BPE') return false;
  if (suffix !== undefined && suffix !== null && suffix !== '') return false;
  // Unknown tokens beside each other become one, across pieces, unless there are none.
  return file['fuse_unk'] !== true || !file.unk_token || (file['byte_fallback'] === true && hasAllBytes(vocab));
}

/** `vocab`: with the added tokens; `merges`: their table. */
export function pairsOf(file: ModelFile, vocab: TokenIds, merges: Int32Array): BytePairs {
  const { unk_token: unk } = file;
  return bytePairs({
    vocab,
    merges,
    unknown: unk ? vocab.get(unk) : undefined,
    byteFallback: file['byte_fallback'] === true,
    ignoreMerges: file['ignore_merges'] === true,
  });
}

function hasAllBytes(vocab: TokenIds): boolean {
  return Array.from({ length: 256 }, (_, byte) => byteToken(byte)).every((token) => vocab.has(token));
}
