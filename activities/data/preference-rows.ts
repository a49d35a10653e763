/**
 * What a line of preference data may be: a prompt with a chosen and a rejected answer, or with one answer and a label, in
 * the forms that the field has: texts, messages, whole conversations that begin alike, and OpenAI's names.
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { unknownColumns } from './columns.ts';
import { Float } from './jinja/values.ts';
import type { JsonlFormat } from './jsonl.ts';
import {
  WeightedMessages,
  conversationFields,
  conversationOf,
  twoSystems,
  withoutNulls,
  type WeightedMessage,
} from './messages.ts';
import type { RowSettings, TrainingRow } from './training-rows.ts';

/** An answer with its prompt, read as a row of training data is. */
export interface PreferenceRow {
  /** Of a pair the chosen answer; of a labelled row its only one. */
  readonly first: TrainingRow;
  readonly second?: TrainingRow;
  readonly label?: boolean;
  /** Columns that are not used. */
  readonly ignored: readonly string[];
}

export type PreferenceKind = 'pairs' | 'labelled';

const EXAMPLES: Readonly<Record<PreferenceKind, string>> = {
  pairs: '{"prompt": "…", "chosen": "…", "rejected": "…"} or {"messages": […], "chosen": …, "rejected": …}',
  labelled: '{"prompt": "…", "completion": "…", "label": true} or {"messages": […], "completion": …, "label": true}',
};

/** A text, a message, a list of messages, or a conversation as an object that holds one. */
const Turns = z.union(
  [
    z.string(),
    z.preprocess((value) => (isMessage(value) ? [value] : value), WeightedMessages),
    z.strictObject({ messages: WeightedMessages }).transform(({ messages }) => messages),
  ],
  'expected text, or messages',
);
type Turns = z.output<typeof Turns>;

const Label = z.preprocess(
  (value) => LABELS.get(value instanceof Float ? value.value : value) ?? value,
  z.boolean('expected true (a good answer) or false'),
);

const LABELS = new Map<unknown, boolean>([
  [1, true],
  [0, false],
]);

const shared = { prompt: Turns.optional(), messages: WeightedMessages.optional(), ...conversationFields };
const Pair = z.object({ ...shared, chosen: Turns, rejected: Turns });
const Labelled = z.object({ ...shared, completion: Turns.optional(), label: Label });
type Shared = Omit<z.output<typeof Pair>, 'chosen' | 'rejected'>;

/** The rows of `data.train` where a run learns from preferences. */
export function preferenceRows(kind: PreferenceKind, { ignore = [] }: RowSettings = {}): JsonlFormat<PreferenceRow> {
  const unused = new Set(ignore);
  const form = kind === 'pairs' ? Pair : Labelled;
  const schema = z.unknown().transform((value, context): PreferenceRow => {
    const row = asUsual(withoutNulls(value));
    const fail = (message: string, path: PropertyKey[] = []): never => {
      context.addIssue({ code: 'custom', message, path });
      return z.NEVER;
    };
    if (typeof row !== 'object' || row === null || Array.isArray(row)) return fail('Invalid input: expected object');
    const parsed = form.safeParse(row);
    if (!parsed.success) {
      for (const { message, path } of parsed.error.issues) fail(message, path);
      return z.NEVER;
    }
    const { ignored, refused } = unknownColumns(row, new Set(Object.keys(form.shape)), unused);
    if (refused[0] !== undefined) {
      return fail(
        `${refused[0]}: rows like this have no such field, and it would not be used; take it out, or name it in data.ignore`,
      );
    }
    try {
      const read = 'label' in parsed.data ? labelledRow(parsed.data) : pairRow(parsed.data);
      return { ...read, ignored };
    } catch (error) {
      if (error instanceof Refused) return fail(error.message);
      throw error;
    }
  });
  return { field: 'data.train', schema, example: EXAMPLES[kind] };
}

class Refused extends Error {}

function isMessage(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'role' in value;
}

/** OpenAI's names for the same: input, preferred_output, non_preferred_output. */
function asUsual(row: unknown): unknown {
  if (typeof row !== 'object' || row === null || !('preferred_output' in row)) return row;
  const { input, preferred_output: chosen, non_preferred_output: rejected, ...rest } = row as Record<string, unknown>;
  const given = withoutNulls(input);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return { ...rest, prompt: given, chosen, rejected };
  }
  const { parallel_tool_calls: _howCalled, ...asked } = given as Record<string, unknown>;
  return { ...rest, ...asked, chosen, rejected };
}

type Read = Omit<PreferenceRow, 'ignored'>;

function pairRow({ chosen, rejected, ...fields }: z.output<typeof Pair>): Read {
  const prompt = promptOf(fields);
  if (prompt === undefined || isWhole(chosen) || isWhole(rejected)) return wholePair(chosen, rejected, fields);
  return { first: answered(prompt, chosen, fields, 'chosen'), second: answered(prompt, rejected, fields, 'rejected') };
}

function labelledRow({ completion, label, ...fields }: z.output<typeof Labelled>): Read {
  const prompt = promptOf(fields);
  if (prompt === undefined) throw new Refused('prompt: expected text, or messages');
  if (completion !== undefined) return { first: answered(prompt, completion, fields, 'completion'), label };
  const [asked, said] = typeof prompt === 'string' ? [[], []] : splitAt(prompt, lastTurn(prompt));
  if (said.length === 0) throw new Refused('completion: expected text, or messages that end with the assistant');
  return { first: answered(asked, said, fields, 'messages'), label };
}

function promptOf({ prompt, messages }: Shared): Turns | undefined {
  if (prompt !== undefined && messages !== undefined) throw new Refused('messages: the row has a prompt too; keep one');
  return prompt ?? messages;
}

/** A conversation from its beginning, not only what the assistant says. */
function isWhole(turns: Turns): turns is WeightedMessage[] {
  return typeof turns !== 'string' && turns[0]?.message.role !== 'assistant';
}

/** Two whole conversations: what they begin with alike is the prompt. */
function wholePair(chosen: Turns, rejected: Turns, fields: Shared): Read {
  if (!isWhole(chosen) || !isWhole(rejected)) {
    throw new Refused('prompt: expected text or messages, or whole conversations as chosen and rejected');
  }
  const most = Math.min(lastTurn(chosen), lastTurn(rejected));
  let alike = 0;
  while (alike < most && isDeepStrictEqual(chosen[alike], rejected[alike])) alike += 1;
  const [asked, good] = splitAt(chosen, alike);
  const [, bad] = splitAt(rejected, alike);
  const { prompt } = fields;
  const last = asked.at(-1)?.message['content'];
  if (typeof prompt === 'string' ? prompt !== last : prompt !== undefined && !isDeepStrictEqual(prompt, asked)) {
    throw new Refused('prompt: is not what chosen and rejected begin with; take it out, or name it in data.ignore');
  }
  if (asked.length === 0) throw new Refused('chosen: has no message in common with rejected, so there is no prompt');
  return { first: answered(asked, good, fields, 'chosen'), second: answered(asked, bad, fields, 'rejected') };
}

/** Where the assistant's last turn is. */
function lastTurn(messages: readonly WeightedMessage[]): number {
  return messages.findLastIndex(({ message }) => message.role === 'assistant');
}

function splitAt<T>(items: readonly T[], at: number): [T[], T[]] {
  return at < 0 ? [[...items], []] : [items.slice(0, at), items.slice(at)];
}

/** As a row of training data: all that the assistant says after the prompt is trained on. */
function answered(prompt: Turns, answer: Turns, fields: Shared, name: string): TrainingRow {
  const common = { weight: 1, ignored: [] } as const;
  if (typeof prompt === 'string' && typeof answer === 'string') {
    const unread = Object.keys(conversationFields).find((field) => fields[field as keyof Shared] !== undefined);
    if (unread !== undefined) throw new Refused(`${unread}: belongs to messages, and this row has texts; take it out`);
    return { ...common, kind: 'text', format: 'text', prompt, completion: answer };
  }
  const asked = typeof prompt === 'string' ? [said('user', prompt)] : prompt;
  const given = typeof answer === 'string' ? [said('assistant', answer)] : answer;
  if (given[0]?.message.role !== 'assistant') throw new Refused(`${name}: must begin with what the assistant says`);
  if (twoSystems(fields.system, asked)) {
    throw new Refused('system: messages begin with a system prompt of their own; keep one of the two');
  }
  const untrained = asked.map(({ message }) => ({ message, weight: 0 as const }));
  return { ...common, kind: 'chat', format: 'messages', ...conversationOf([...untrained, ...given], fields) };
}

function said(role: string, content: string): WeightedMessage {
  return { message: { role, content }, weight: undefined };
}
