/**
 * Words come again and again: what the library makes of each is remembered, and nothing else of it is changed. Its own
 * memory is small and moves every word that is found to its end, which takes longer than what is found is worth.
 */

/** What of the library's parts is called. */
interface Pieces {
  readonly model: { encode(pieces: string[]): string[]; readonly config?: { readonly type?: string } };
  readonly pre_tokenizer?: PreTokenizer | null | undefined;
}
interface PreTokenizer {
  readonly tokenizers?: readonly PreTokenizer[];
  /** Only of a byte-level one. */
  readonly byte_encoder?: object;
  readonly use_regex?: boolean;
  readonly add_prefix_space?: boolean;
  pre_tokenize_text?: (text: string) => readonly string[];
}

/** Forgotten altogether at once: a dictionary of a language fits. */
const MOST_WORDS = 50_000;
/** Longer ones do not come again. */
const LONGEST = 48;

export function rememberPieces({ model, pre_tokenizer: pre }: Pieces): void {
  // Each piece is encoded for itself by BPE alone.
  if (model.config?.type === 'BPE') rememberTokens(model);
  for (const part of [pre, ...(pre?.tokenizers ?? [])]) if (part?.byte_encoder !== undefined) rememberBytes(part);
}

function rememberTokens(model: Pieces['model']): void {
  const own = model.encode.bind(model);
  const encode = remembered((piece) => own([piece]));
  model.encode = (pieces) => {
    const tokens: string[] = [];
    for (const piece of pieces) for (const token of encode(piece)) tokens.push(token);
    return tokens;
  };
}

/** What it makes of a piece depends on the piece alone, unless it splits or begins it. */
function rememberBytes(part: PreTokenizer): void {
  const own = part.pre_tokenize_text?.bind(part);
  if (own === undefined || part.use_regex !== false || part.add_prefix_space === true) return;
  part.pre_tokenize_text = remembered((piece) => own(piece));
}

function remembered(make: (piece: string) => readonly string[]): (piece: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (piece) => {
    if (piece.length > LONGEST) return make(piece);
    const found = known.get(piece);
    if (found !== undefined) return found;
    const made = make(piece);
    if (known.size >= MOST_WORDS) known.clear();
    known.set(piece, made);
    return made;
  };
}
