/** What a line of training data may be: a prompt with its completion, or a conversation, in the forms the field has. */
import { z } from 'zod';
import { unknownColumns } from './columns.ts';
import { AlpacaRow, ShareGptMessages, alpacaMessages } from './foreign-rows.ts';
import type { JsonlFormat } from './jsonl.ts';
import {
  Weight,
  WeightedMessages,
  conversationFields,
  conversationOf,
  twoSystems,
  withoutNulls,
  type Conversation,
} from './messages.ts';

/** How rows are written; absent: seen by what they hold. */
export type RowFormat = 'text' | 'messages' | 'sharegpt' | 'alpaca';

interface Common {
  /** 0: the row is left out, and counted. */
  readonly weight: 0 | 1;
  /** Columns that are not used. */
  readonly ignored: readonly string[];
  readonly format: RowFormat;
}

export interface TextRow extends Common {
  readonly kind: 'text';
  readonly prompt: string;
  readonly completion: string;
}

export interface ChatRow extends Common {
  readonly kind: 'chat';
  readonly conversation: Conversation;
  /** Of each message; 0 is not trained on. */
  readonly weights: readonly (0 | 1 | undefined)[];
}

export type TrainingRow = TextRow | ChatRow;

/** What the experiment says of the rows. */
export interface RowSettings {
  readonly format?: RowFormat | undefined;
  /** Columns that are not to be used. */
  readonly ignore?: readonly string[] | undefined;
}

const weight = { weight: Weight.optional() };
const Text = z.object({ prompt: z.string(), completion: z.string(), ...weight });
const Pair = z.object({ prompt: WeightedMessages, completion: WeightedMessages, ...weight, ...conversationFields });
const Messages = z.object({ messages: WeightedMessages, ...weight, ...conversationFields });
const ShareGpt = z.object({ conversations: ShareGptMessages.pipe(WeightedMessages), ...weight, ...conversationFields });
const Alpaca = AlpacaRow.extend({ ...weight, ...conversationFields });

type Parsed = Omit<TextRow, keyof Common> | Omit<ChatRow, keyof Common>;
interface Form {
  readonly format: RowFormat;
  readonly schema: z.ZodObject;
  read(row: never): (Parsed & { weight?: 0 | 1 | undefined }) | string;
}

const TWO_SYSTEMS = 'system: messages begin with a system prompt of their own; keep one of the two';

const FORMS = {
  text: {
    format: 'text',
    schema: Text,
    read: ({ prompt, completion, weight: own }: z.output<typeof Text>) => ({
      kind: 'text',
      prompt,
      completion,
      weight: own,
    }),
  },
  /** As TRL has it: both are messages, and only the completion's are trained on. */
  pair: {
    format: 'messages',
    schema: Pair,
    read({ prompt, completion, ...fields }: z.output<typeof Pair>) {
      if (twoSystems(fields.system, prompt)) return TWO_SYSTEMS;
      const asked = prompt.map(({ message }) => ({ message, weight: 0 as const }));
      return { kind: 'chat', ...conversationOf([...asked, ...completion], fields), weight: fields.weight };
    },
  },
  messages: {
    format: 'messages',
    schema: Messages,
    read({ messages, ...fields }: z.output<typeof Messages>) {
      if (twoSystems(fields.system, messages)) return TWO_SYSTEMS;
      return { kind: 'chat', ...conversationOf(messages, fields), weight: fields.weight };
    },
  },
  sharegpt: {
    format: 'sharegpt',
    schema: ShareGpt,
    read({ conversations, ...fields }: z.output<typeof ShareGpt>) {
      if (twoSystems(fields.system, conversations)) return TWO_SYSTEMS;
      return { kind: 'chat', ...conversationOf(conversations, fields), weight: fields.weight };
    },
  },
  alpaca: {
    format: 'alpaca',
    schema: Alpaca,
    read(row: z.output<typeof Alpaca>) {
      return { kind: 'chat', ...conversationOf(alpacaMessages(row), row), weight: row.weight };
    },
  },
} as const satisfies Record<string, Form>;

/** Chosen by what the row holds, so that a wrong row is told about its own fields, not about all kinds. */
function formOf(row: object, format: RowFormat | undefined): Form {
  const pair = 'prompt' in row && Array.isArray(row.prompt);
  if (format !== undefined) return format === 'messages' && pair ? FORMS.pair : FORMS[format];
  if ('completion' in row || 'prompt' in row) return pair ? FORMS.pair : FORMS.text;
  if ('messages' in row) return FORMS.messages;
  if ('conversations' in row) return FORMS.sharegpt;
  return 'instruction' in row && 'output' in row ? FORMS.alpaca : FORMS.text;
}

/** The rows of `data.train`. */
export function trainingRows({ format, ignore = [] }: RowSettings = {}): JsonlFormat<TrainingRow> {
  const unused = new Set(ignore);
  const schema = z.unknown().transform((value, context): TrainingRow => {
    const row = withoutNulls(value);
    const fail = (message: string, path: PropertyKey[] = []): never => {
      context.addIssue({ code: 'custom', message, path });
      return z.NEVER;
    };
    if (typeof row !== 'object' || row === null || Array.isArray(row) || row instanceof Map)
      return fail('Invalid input: expected object');
    const form = formOf(row, format);
    const parsed = form.schema.safeParse(row);
    if (!parsed.success) {
      for (const { message, path } of parsed.error.issues) fail(message, path);
      return z.NEVER;
    }
    const known = new Set(Object.keys(form.schema.shape));
    const { ignored, refused } = unknownColumns(row, known, unused);
    const [first] = refused;
    if (first !== undefined) {
      return fail(
        `${first}: rows like this have no such field, and it would not be used; take it out, or name it in data.ignore`,
      );
    }
    const read: (Parsed & { weight?: 0 | 1 | undefined }) | string = form.read(parsed.data as never);
    if (typeof read === 'string') return fail(read);
    return { ...read, weight: read.weight ?? 1, ignored, format: form.format };
  });
  return { field: 'data.train', schema, example: ROW_EXAMPLE };
}

export const ROW_EXAMPLE = '{"prompt": "…", "completion": "…"} or {"messages": [{"role": "…", "content": "…"}, …]}';
