/** A tokenizer of any size, made up: what real ones have in common is how much there is to load. */

/** What a byte-level tokenizer writes of a blank and of a line's end. */
const BLANKS = ['Ġ', 'Ċ'];

/**
 * Byte-level; every token of three characters can be made in two ways, as in real files. At most 96³ tokens: 30 MB.
 * `special`: tokens beyond the vocabulary.
 */
export function largeTokenizer(vocabulary: number, special: readonly string[] = ['<eos>']): string {
  const alphabet = [...Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)), ...BLANKS];
  const vocab = new Map(alphabet.map((character, index) => [character, index]));
  const merges: [string, string][] = [];
  for (let level = alphabet; vocab.size < vocabulary;) {
    const pairs = level.flatMap((first) => alphabet.map((second): [string, string] => [first, second]));
    const taken = pairs.slice(0, vocabulary - vocab.size);
    for (const [first, second] of taken) vocab.set(first + second, vocab.size);
    for (const pair of taken) merges.push(pair);
    level = taken.map(([first, second]) => first + second);
  }
  const others = merges
    .filter(([first]) => first.length === 2)
    .map(([first, second]) => [first.slice(0, 1), first.slice(1) + second]);
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, index) => ({ id: vocab.size + index, content, ...flags })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: { type: 'BPE', vocab: Object.fromEntries(vocab), merges: [...merges, ...others], byte_fallback: false },
  });
}
