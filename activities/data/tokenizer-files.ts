/** Tokenizers in other forms than tokenizer.json: told apart, with what makes one of them. */

/** What the file seems to be, and the way out; undefined for what may be a tokenizer.json. */
export function otherForm(path: string, bytes: Buffer): string | undefined {
  const kind = kindOf(path, bytes);
  if (kind === undefined) return undefined;
  return (
    `${path} is ${kind}, not a tokenizer.json. transformers makes one: ` +
    `python3 -c "from transformers import AutoTokenizer; AutoTokenizer.from_pretrained('FOLDER OF THE MODEL').save_pretrained('OUT')"` +
    '; set model.tokenizer to OUT/tokenizer.json.'
  );
}

const TIKTOKEN_LINE = /^[A-Za-z0-9+/]+={0,2} \d+\r?$/;

function kindOf(path: string, bytes: Buffer): string | undefined {
  const start = bytes.subarray(0, 512);
  // A protobuf begins with the tag of its first field, and has bytes that no text has.
  if (path.endsWith('.model') || (start[0] === 0x0a && start.includes(0))) return 'a SentencePiece model';
  const [line = ''] = start.toString('latin1').split('\n', 1);
  if (TIKTOKEN_LINE.test(line)) return 'a tiktoken vocabulary';
  return line.startsWith('version https://git-lfs')
    ? 'a pointer of Git LFS (the file itself was not fetched)'
    : undefined;
}
