/**
 * Parts of a tokenizer.json that the library reads otherwise than Python's tokenizers: said in words that it honours, or
 * refused by name. Compared with tokenizers 0.23.
 */
import { z } from 'zod';

const Part = z.looseObject({ type: z.string() });
type Part = z.output<typeof Part>;

export const TokenizerFile = z.looseObject({
  model: z.looseObject({ type: z.string().optional(), unk_token: z.string().nullish() }),
  added_tokens: z
    .array(z.looseObject({ id: z.number().int(), content: z.string(), single_word: z.boolean().default(false) }))
    .default([]),
  normalizer: Part.nullish(),
  pre_tokenizer: Part.nullish(),
});
export type TokenizerFile = z.output<typeof TokenizerFile>;

/** A part that would be read otherwise: no tokenizer, rather than another one. */
export class UnknownPart extends Error {
  override readonly name = 'UnknownPart';
}

/** `<0x0A>`: what stands for a byte where a vocabulary falls back on bytes. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

const unknown = (part: string, why = 'is not honoured here'): UnknownPart => new UnknownPart(`${part} ${why}`);

/** The same tokenizer in parts that the library honours. Throws UnknownPart. */
export function inKnownParts(file: TokenizerFile): TokenizerFile {
  const single = file.added_tokens.find((token) => token.single_word);
  if (single !== undefined) throw unknown(`single_word of the added token ${single.content}`);
  requireModel(file.model);
  return {
    ...file,
    normalizer: file.normalizer ? normalizer(file.normalizer) : null,
    pre_tokenizer: file.pre_tokenizer ? preTokenizer(file.pre_tokenizer) : null,
  };
}

function requireModel({ type, ...model }: Record<string, unknown>): void {
  if (type === 'BPE') {
    if (typeof model['dropout'] === 'number' && model['dropout'] > 0) throw unknown('dropout of the model BPE');
    if (isText(model['continuing_subword_prefix'])) throw unknown('continuing_subword_prefix of the model BPE');
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const PLAIN_NORMALIZERS = new Set(['NFC', 'NFD', 'NFKC', 'NFKD', 'Prepend', 'Lowercase', 'BertNormalizer', 'Strip']);

function normalizer(part: Part): Part {
  if (part.type === 'Sequence') return { ...part, normalizers: parts(part['normalizers']).map(normalizer) };
  if (part.type === 'Replace') {
    // The library takes $ for a reference to what was found.
    return { ...part, content: z.string().default('').parse(part['content']).replaceAll('$', '$$$$') };
  }
  if (part.type === 'Precompiled') return part;
  if (!PLAIN_NORMALIZERS.has(part.type)) throw unknown(`the normalizer ${part.type}`);
  return part;
}

const parts = (value: unknown): Part[] =>
  z
    .array(Part)
    .default([])
    .parse(value ?? []);

/** \w of the regex crate. */
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\u200c\u200d';
/** ASCII's signs are punctuation, whatever Unicode calls them. */
const PUNCTUATION = '\\p{P}$+<=>^`|~';
const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const matches = (pattern: string): Part => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Removed',
  invert: true,
});
const isolated = (pattern: string): Part => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
});

const PRE_TOKENIZERS: Readonly<Record<string, (part: Part) => Part>> = {
  Sequence: (part) => ({ ...part, pretokenizers: parts(part['pretokenizers']).map(preTokenizer) }),
  Whitespace: () => matches(`[${WORD}]+|[^${WORD}\\s]+`),
  WhitespaceSplit: () => matches('\\S+'),
  BertPreTokenizer: () => matches(`[^\\s${PUNCTUATION}]+|[${PUNCTUATION}]`),
  Digits: (part) => isolated(part['individual_digits'] === true ? '\\p{N}' : '\\p{N}+'),
  Punctuation: (part) =>
    split({ pattern: `[${PUNCTUATION}]`, behavior: part['behavior'] ?? 'Isolated', invert: false }),
  ByteLevel: byteLevel,
  Metaspace: metaspace,
  Split: (part) =>
    split({ pattern: patternOf(part['pattern']), behavior: part['behavior'], invert: part['invert'] === true }),
};

function preTokenizer(part: Part): Part {
  const read = PRE_TOKENIZERS[part.type];
  if (read === undefined) throw unknown(`the pre_tokenizer ${part.type}`);
  return read(part);
}

/** The library's own pattern takes JavaScript's white space for Unicode's. */
function byteLevel(part: Part): Part {
  if (part['use_regex'] === false || part['add_prefix_space'] === true) return part;
  return { type: 'Sequence', pretokenizers: [isolated(GPT2), { ...part, use_regex: false }] };
}

/** Words are split at their marks unless `split` says no, and older files say the prefix by another name. */
function metaspace(part: Part): Part {
  const mark = isText(part['replacement']) ? part['replacement'] : '▁';
  const scheme = part['prepend_scheme'] ?? (part['add_prefix_space'] === false ? 'never' : 'always');
  const marked = { ...part, prepend_scheme: scheme };
  if (part['split'] === false) return marked;
  const own = escapeRegex(mark);
  return { type: 'Sequence', pretokenizers: [marked, isolated(`${own}[^${own}]*`)] };
}

/** Each behaviour as a pattern whose matches, and what is between them, are the pieces. */
function split({ pattern, behavior, invert }: { pattern: string; behavior: unknown; invert: boolean }): Part {
  const own = `(?:${pattern})`;
  const kind = String(behavior).toLowerCase();
  if (kind === 'isolated') return isolated(pattern);
  if (kind === 'removed') {
    if (invert) return matches(pattern);
    return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: false };
  }
  if (invert) throw unknown(`the pre_tokenizer Split, inverted, with behavior ${String(behavior)}`);
  if (kind === 'contiguous') return isolated(`${own}+`);
  if (kind === 'mergedwithprevious') return isolated(`[\\s\\S]*?${own}`);
  if (kind === 'mergedwithnext') return isolated(`${own}(?:(?!${own})[\\s\\S])*`);
  throw unknown(`the pre_tokenizer Split with behavior ${String(behavior)}`);
}

function patternOf(value: unknown): string {
  const { Regex: regex, String: text } = z
    .object({ Regex: z.string().optional(), String: z.string().optional() })
    .parse(value);
  if (regex !== undefined) return regex;
  if (text === undefined) throw unknown('a Split without a pattern');
  return escapeRegex(text);
}

const escapeRegex = (text: string): string => text.replace(/[$()*+.?[\\\]^{|}\-/]/g, (char) => `\\${char}`);

interface Otherwise {
  /** Characters, as they stand in a class of a pattern. */
  readonly characters: string;
  readonly why: string;
  readonly reads: (part: Part) => boolean;
}

const OTHERWISE: readonly Otherwise[] = [
  {
    characters: 'Σİ',
    why: 'lower case of Σ and İ',
    reads: ({ type, ...own }) => type === 'Lowercase' || (type === 'BertNormalizer' && own['lowercase'] === true),
  },
  {
    characters: '\\u{20000}-\\u{2fa1f}',
    why: 'Chinese characters beyond the first plane',
    reads: ({ type, ...own }) => type === 'BertNormalizer' && own['handle_chinese_chars'] === true,
  },
  {
    characters:
      '[^\\t\\n\\r\\u0020-\\u007e\\u00c0-\\u024f\\u0370-\\u052f\\u4e00-\\u9fff\\u3040-\\u30ff\\uac00-\\ud7a3]',
    why: 'the compiled map of characters',
    reads: ({ type }) => type === 'Precompiled',
  },
];

/** Texts that a tokenizer's library would read otherwise; refused when they come. A normalizer may have several of them. */
export function differentTexts({ normalizer }: TokenizerFile): { pattern: RegExp; why: string } | undefined {
  const all = flat(normalizer);
  const found = OTHERWISE.filter(({ reads }) => all.some(reads));
  if (found.length === 0) return undefined;
  const classes = found.map(({ characters }) => (characters.startsWith('[') ? characters : `[${characters}]`));
  return { pattern: new RegExp(classes.join('|'), 'u'), why: found.map(({ why }) => why).join('; ') };
}

function flat(part: Part | null | undefined): Part[] {
  if (!part) return [];
  return part.type === 'Sequence' ? parts(part['normalizers']).flatMap(flat) : [part];
}
