/** A tokenizer of any size, made up: what real ones have in common is how much there is to load. */

/** Byte-level; every token of three characters can be made in two ways, as in real files. At most 94³ tokens: 40 MB. */
export function largeTokenizer(vocabulary: number): string {
  const alphabet = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
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
  const end = { id: vocab.size, content: '<eos>', special: true, normalized: false };
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [{ ...end, single_word: false, lstrip: false, rstrip: false }],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: { type: 'BPE', vocab: Object.fromEntries(vocab), merges: [...merges, ...others], byte_fallback: false },
  });
}
