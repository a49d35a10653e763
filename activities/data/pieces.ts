/** Pieces of a text as the tokens of one example, some of them trained on. */
import { badRow } from './jsonl.ts';
import type { TextTokenizer } from './tokenizer.ts';

/** A training example before it is stored. */
export interface TokenizedExample {
  readonly tokens: readonly number[];
  /** Start and end of each piece that is trained on, in order. */
  readonly trained: readonly number[];
}

export interface Piece {
  readonly text: string;
  readonly trained: boolean;
  /** The message that is trained on. */
  readonly turn?: number;
}

interface How {
  readonly tokenizer: TextTokenizer;
  readonly place: string;
  /** An example has one turn already. */
  readonly eachTurn: boolean;
}

/**
 * Pieces are tokenized one by one, as they are when the model is asked. Where the ids differ from those of the whole
 * text, those of the whole are taken if each piece ends at the end of a token of it, as TRL does; else those of the
 * pieces, if they read the same.
 */
export function tokenizePieces(pieces: readonly Piece[], how: How): TokenizedExample {
  const { tokenizer, place } = how;
  const tokens: number[] = [];
  const ends: number[] = [];
  for (const { text } of pieces) {
    for (const token of tokenizer.encode(text)) tokens.push(token);
    ends.push(tokens.length);
  }
  const text = pieces.map((piece) => piece.text).join('');
  const whole = tokenizer.encode(text);
  if (same(whole, tokens)) return exampleOf(tokens, ends, pieces, place);
  const own = endsInWhole(whole, pieces, tokenizer);
  if (own !== undefined) return exampleOf(whole, own, pieces, place);
  if (tokenizer.decode(whole) === tokenizer.decode(tokens)) return exampleOf(tokens, ends, pieces, place);
  const turns = pieces.filter(({ trained }) => trained).length;
  const other = turns > 1 && !how.eachTurn ? 'set data.trainOn: each-assistant (an example for each turn), or ' : '';
  throw badRow(
    place,
    `turns tokenized one by one read otherwise than in one piece; ${other}set data.chatTemplate to one with special tokens around each turn`,
  );
}

/** Where each piece ends among the tokens of the whole; undefined if one ends inside of a token. */
function endsInWhole(
  whole: readonly number[],
  pieces: readonly Piece[],
  tokenizer: TextTokenizer,
): number[] | undefined {
  const ends: number[] = [];
  let text = '';
  for (const [index, piece] of pieces.entries()) {
    text += piece.text;
    const tokens = index === pieces.length - 1 ? whole : tokenizer.encode(text);
    if (!tokens.every((token, at) => token === whole[at])) return undefined;
    ends.push(tokens.length);
  }
  return ends;
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((token, index) => token === b[index]);
}

function exampleOf(
  tokens: readonly number[],
  ends: readonly number[],
  pieces: readonly Piece[],
  place: string,
): TokenizedExample {
  const trained: number[] = [];
  for (const [index, piece] of pieces.entries()) {
    if (!piece.trained) continue;
    const [start, end] = [ends[index - 1] ?? 0, ends[index] ?? 0];
    if (start === 0) throw badRow(place, 'messages begin with the assistant; put what it answers before');
    if (start === end)
      throw badRow(place, `messages.${piece.turn} has no tokens; give it content, or leave the row out`);
    trained.push(start, end);
  }
  return { tokens, trained };
}
