/** A Hugging Face tokenizer.json: text to token ids and back, without special tokens of its own accord. */
import { Tokenizer } from '@huggingface/tokenizers';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { UnknownToken, encoderOf, pairsOf, type LibraryParts } from './encoder.ts';
import { TokenizerFile, byteToken, differentTexts, inKnownParts } from './tokenizer-parts.ts';
import { readTokenizer, readingOf, type ReadTokenizer } from './tokenizer-read.ts';
import { Vocabulary, type TokenIds } from './vocabulary.ts';

export interface TextTokenizer {
  /** sha256 of the file. */
  readonly hash: string;
  /** No beginning or end is added: what a text becomes is what stands in it. */
  encode(text: string): number[];
  /** What transformers puts before a text of this tokenizer: its beginning token, or nothing. */
  readonly beginning: readonly number[];
  /** Tokens that stand for themselves, such as ends of turns. */
  readonly special: ReadonlySet<number>;
  /** Without special tokens. */
  decode(tokens: readonly number[]): string;
  /** With special tokens: what an example reads like. */
  write(tokens: Iterable<number>): string;
  /** A token as it stands in the vocabulary, special ones too. */
  spell(token: number): string;
  /** The tokens of an end marker: its own token if it is one; fails when the tokenizer cannot write it. */
  encodeEnd(endToken: string): number[];
}

/** The part of the library used here; its own declarations do not resolve under Node's module rules. */
interface Library extends LibraryParts {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: (number | undefined)[]; tokens: string[] };
  decode(tokens: number[], options?: { skip_special_tokens: boolean }): string;
  token_to_id(token: string): number | undefined;
  readonly model: LibraryModel;
}
interface LibraryModel {
  (pieces: string[]): string[];
  tokenize(text: string): string[];
  tokens_to_ids: TokenIds;
  /** By id. */
  vocab: Readonly<Record<string, string | undefined>>;
  unk_token_id?: number | undefined;
}
const LibraryTokenizer = Tokenizer as new (file: object, config: object) => Library;

export async function loadTokenizer(path: string): Promise<TextTokenizer> {
  return tokenizerOf(await readTokenizer(path));
}

/** Of a file that was read before, perhaps by another thread. */
export function tokenizerOf(read: ReadTokenizer): TextTokenizer {
  const { path, hash } = read;
  const { tokenizer, encode: encodeText, special, different } = readingOf(path, () => parse(read));

  const encode = (text: string): number[] => {
    const found = different?.pattern.exec(text);
    if (found) {
      throw new PawlError(
        'InvalidRequest',
        `The tokenizer ${path} cannot be followed on ${JSON.stringify(found[0])} (${different?.why}): leave such texts out.`,
      );
    }
    try {
      return encodeText(text);
    } catch (error) {
      if (!(error instanceof UnknownToken)) throw error;
      throw new PawlError(
        'InvalidRequest',
        `The tokenizer ${path} does not know "${error.message}", nor has it an unk_token.`,
      );
    }
  };

  return {
    hash,
    beginning: beginningOf(tokenizer),
    special,
    encode,
    decode: (tokens) => (tokens.length === 0 ? '' : tokenizer.decode([...tokens], { skip_special_tokens: true })),
    write: (tokens) => writeAll(tokenizer, [...tokens]),
    spell: (token) => tokenizer.decode([token]),
    encodeEnd(endToken) {
      const own = tokenizer.token_to_id(endToken);
      if (own !== undefined) return [own];
      const ids = encode(endToken);
      // An unknown token would be read back as something else, and would never stop a sample.
      if (ids.length > 0 && tokenizer.decode(ids) === endToken) return ids;
      throw new PawlError(
        'InvalidRequest',
        `data.endToken "${endToken}" is not in the vocabulary of ${path}: use a token that is.`,
      );
    },
  };
}

function writeAll(tokenizer: Library, tokens: number[]): string {
  return tokens.length === 0 ? '' : tokenizer.decode(tokens, { skip_special_tokens: false });
}

/** What stands before a text's own tokens once special tokens are asked for. */
function beginningOf(tokenizer: Library): number[] {
  const known = (ids: (number | undefined)[]): number[] => ids.filter((id) => id !== undefined);
  const text = 'a';
  const plain = known(tokenizer.encode(text, { add_special_tokens: false }).ids);
  const all = known(tokenizer.encode(text, { add_special_tokens: true }).ids);
  const at = all.findIndex((_, index) => plain.every((id, own) => all[index + own] === id));
  return plain.length === 0 || at < 0 ? [] : all.slice(0, at);
}

interface Parsed {
  readonly tokenizer: Library;
  /** Throws UnknownToken. */
  readonly encode: (text: string) => number[];
  readonly special: Set<number>;
  readonly different: ReturnType<typeof differentTexts>;
}

function parse({ json, pairs }: ReadTokenizer): Parsed {
  const read = TokenizerFile.parse(JSON.parse(Buffer.from(json).toString('utf8')));
  const file = inKnownParts(read);
  // The library takes the unknown-token of word-level models from the config only; Python takes it from the model.
  const unk = file.model.unk_token;
  const tokenizer = new LibraryTokenizer(file, {
    clean_up_tokenization_spaces: false,
    ...(typeof unk === 'string' && { unk_token: unk }),
  });
  const { model } = tokenizer;
  if (file.model.type === 'Unigram' && file.model['byte_fallback'] === true) fallBackOnBytes(model);
  const vocabulary = pairs && new Vocabulary(pairs.vocabulary);
  if (vocabulary !== undefined) lookUpIn(vocabulary, model, unk);
  return {
    tokenizer,
    encode: encoderOf(tokenizer, vocabulary && pairsOf(file.model, vocabulary, pairs.merges)),
    special: new Set(file.added_tokens.map(({ id }) => id)),
    different: differentTexts(read),
  };
}

/** What the library was given none of: tokens and ids, as it asks for them. */
function lookUpIn(vocabulary: Vocabulary, model: LibraryModel, unk: string | null | undefined): void {
  model.tokens_to_ids = vocabulary;
  model.vocab = new Proxy({}, { get: (_, id) => (typeof id === 'string' ? vocabulary.token(Number(id)) : undefined) });
  if (typeof unk === 'string') model.unk_token_id = vocabulary.get(unk);
}

/** The library's Unigram gives the unknown token where Python's gives the bytes of what it does not know. */
function fallBackOnBytes(model: LibraryModel): void {
  const tokenize = model.tokenize.bind(model);
  const known = model.tokens_to_ids;
  model.tokenize = (text) =>
    tokenize(text).flatMap((token) => {
      if (known.has(token)) return [token];
      const bytes = Array.from(Buffer.from(token), byteToken);
      return bytes.every((byte) => known.has(byte)) ? bytes : [token];
    });
}
