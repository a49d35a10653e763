/** Lines become groups of examples that belong together: kept, or left out, as one. Most rows are a group of their own. */
import type { ExampleTokenizer } from './examples.ts';
import { badRow, parseRow } from './jsonl.ts';
import { EQUAL_PAIR, ignoredColumn, type Notice } from './notices.ts';
import type { TokenizedExample } from './pieces.ts';
import { preferenceRows, type PreferenceKind, type PreferenceRow } from './preference-rows.ts';
import { trainingRows, type RowSettings, type TrainingRow } from './training-rows.ts';

export type Group = readonly TokenizedExample[];

interface ReadLine {
  readonly groups: readonly Group[];
  readonly notices: readonly Notice[];
}

export interface LineReader {
  read(text: string, place: string): Promise<ReadLine>;
  /** What could only be made once the last line was read. */
  rest(): readonly Group[];
}

interface Reading {
  readonly examples: ExampleTokenizer;
  readonly rows: RowSettings;
  readonly maxTokens: number;
}

export function lineReader(kind: PreferenceKind | undefined, reading: Reading): LineReader {
  if (kind === 'pairs') return pairReader(reading);
  return kind === 'labelled' ? labelReader(reading) : rowReader(reading);
}

function rowReader({ examples, rows }: Reading): LineReader {
  const format = trainingRows(rows);
  return {
    async read(text, place) {
      const made = await examples.tokenize({ row: parseRow(text, place, format), place });
      return { groups: made.examples.map((example) => [example]), notices: made.notices };
    },
    rest: () => [],
  };
}

function pairReader({ examples, rows }: Reading): LineReader {
  const format = preferenceRows('pairs', rows);
  return {
    async read(text, place) {
      const row = parseRow(text, place, format);
      const first = await tokenized(examples, row, { side: row.first, name: 'chosen', place });
      const second = await tokenized(examples, row, { side: row.second ?? row.first, name: 'rejected', place });
      const notices = [...new Set([...first.notices, ...second.notices])];
      if (sameAnswer(first.example, second.example)) notices.push(EQUAL_PAIR);
      return { groups: [[first.example, second.example]], notices };
    },
    rest: () => [],
  };
}

/**
 * A labelled row goes with its prompt and the answer of the row before: what the model gains on answers that belong
 * elsewhere is how far it has moved. The first row's is made last, of the last row's answer.
 */
function labelReader({ examples, rows, maxTokens }: Reading): LineReader {
  const format = preferenceRows('labelled', rows);
  let first: TokenizedExample | undefined;
  let before: TokenizedExample | undefined;
  return {
    async read(text, place) {
      const row = parseRow(text, place, format);
      const made = await tokenized(examples, row, { side: row.first, name: 'completion', place });
      const own = { ...made.example, trained: [...made.example.trained, row.label === true ? 1 : 0] };
      const groups = before === undefined ? [] : [[own, mismatched(own, before, maxTokens)]];
      first ??= own;
      before = own;
      return { groups, notices: made.notices };
    },
    rest: () => (first === undefined || before === undefined ? [] : [[first, mismatched(first, before, maxTokens)]]),
  };
}

/** The prompt of one with the answer of another, cut where it would be too long. */
function mismatched(asked: TokenizedExample, answering: TokenizedExample, maxTokens: number): TokenizedExample {
  const prompt = asked.tokens.slice(0, asked.trained[0]);
  const room = Math.max(1, maxTokens - prompt.length);
  const answer = answering.tokens.slice(answering.trained[0], (answering.trained[0] ?? 0) + room);
  return { tokens: [...prompt, ...answer], trained: [prompt.length, prompt.length + answer.length] };
}

interface Side {
  readonly side: TrainingRow;
  readonly name: string;
  readonly place: string;
}

async function tokenized(
  examples: ExampleTokenizer,
  { ignored }: PreferenceRow,
  { side, name, place }: Side,
): Promise<{ example: TokenizedExample; notices: readonly Notice[] }> {
  const made = await examples.tokenize({ row: side, place: `${place}: ${name}` });
  const [example] = made.examples;
  if (example === undefined || made.examples.length > 1) {
    throw badRow(place, `${name} must be one answer that is trained on; take weight: 0 out of it`);
  }
  return { example, notices: [...ignored.map(ignoredColumn), ...made.notices] };
}

function sameAnswer(one: TokenizedExample, other: TokenizedExample): boolean {
  return one.tokens.length === other.tokens.length && one.tokens.every((token, at) => token === other.tokens[at]);
}
