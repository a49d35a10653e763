/** Messages as data has them: checked, nulls taken for what is not there, nothing dropped that could carry meaning. */
import { z } from 'zod';
import { Float } from './jinja/values.ts';

/** What a template is given of a message: its role, and whatever else stands in it. */
export interface Message {
  readonly role: string;
  readonly [field: string]: unknown;
}

/** What a template is given of a row. */
export interface Conversation {
  readonly messages: readonly Message[];
  readonly tools?: readonly unknown[];
  readonly documents?: readonly unknown[];
  readonly functions?: readonly unknown[];
  /** `chat_template_kwargs`: variables of the template. */
  readonly kwargs?: Readonly<Record<string, unknown>>;
}

/** `null` says that nothing is there: what tables write where another row has the column. */
export function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Map) return value;
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null && item !== undefined));
}

const present = <Schema extends z.ZodType>(schema: Schema): z.ZodPreprocess<Schema> =>
  z.preprocess(withoutNulls, schema);

/** 0: not trained on. A fraction would be another loss, which is not known here. */
export const Weight = z.preprocess(
  (value) => (value instanceof Float ? value.value : value),
  z.union([z.literal(0), z.literal(1)], 'a weight is 0 or 1'),
);

const Part = present(
  z.looseObject({
    type: z.literal('text', 'only parts of type text are known; leave images, audio and files out'),
    text: z.string(),
  }),
);

const Content = z
  .union([z.string(), z.array(z.unknown())], 'expected text, or a list of parts')
  .transform((content, context): unknown => {
    if (typeof content === 'string') return content;
    return content.map((part, index) => {
      const parsed = Part.safeParse(part);
      if (parsed.success) return parsed.data;
      for (const { message, path } of parsed.error.issues) {
        context.addIssue({ code: 'custom', message, path: [index, ...path] });
      }
      return undefined;
    });
  });

/** A message with its weight, which no template is told. */
export interface WeightedMessage {
  readonly message: Message;
  readonly weight: 0 | 1 | undefined;
}

const CALLS = ['tool_calls', 'function_call'];

const WeightedMessage = present(
  z
    .looseObject({ role: z.string().min(1), content: Content.optional(), weight: Weight.optional() })
    .superRefine((message, context) => {
      if (message.content === undefined && !CALLS.some((field) => field in message)) {
        context.addIssue({ code: 'custom', path: ['content'], message: 'expected text, or a list of parts' });
      }
      if (message.weight === 1 && message.role !== 'assistant') {
        context.addIssue({
          code: 'custom',
          path: ['weight'],
          message: 'only the assistant is trained on; leave it out',
        });
      }
    })
    .transform(({ weight, ...message }): WeightedMessage => ({ message: message as Message, weight })),
);

export const WeightedMessages = z.array(WeightedMessage).min(1);

/** What else a conversation may have, beside its messages. */
export const conversationFields = {
  system: z.string().optional(),
  tools: z.array(z.looseObject({}), 'expected a list of JSON schemas').optional(),
  documents: z.array(z.looseObject({})).optional(),
  functions: z.array(z.looseObject({})).optional(),
  chat_template_kwargs: z.record(z.string(), z.unknown()).optional(),
};

interface ConversationFields {
  readonly system?: string | undefined;
  readonly tools?: unknown[] | undefined;
  readonly documents?: unknown[] | undefined;
  readonly functions?: unknown[] | undefined;
  readonly chat_template_kwargs?: Record<string, unknown> | undefined;
}

/** Puts a row's own system prompt before its messages. */
export function conversationOf(
  messages: readonly WeightedMessage[],
  fields: ConversationFields,
): { conversation: Conversation; weights: (0 | 1 | undefined)[] } {
  const { system, tools, documents, functions, chat_template_kwargs: kwargs } = fields;
  const own: WeightedMessage[] =
    system === undefined ? [] : [{ message: { role: 'system', content: system }, weight: undefined }];
  const all = [...own, ...messages];
  return {
    conversation: {
      messages: all.map(({ message }) => message),
      ...(tools !== undefined && tools.length > 0 && { tools }),
      ...(documents !== undefined && { documents }),
      ...(functions !== undefined && functions.length > 0 && { functions }),
      ...(kwargs !== undefined && { kwargs }),
    },
    weights: all.map(({ weight }) => weight),
  };
}

/** A row with a system prompt of its own and one among its messages has two. */
export function twoSystems(system: string | undefined, messages: readonly WeightedMessage[]): boolean {
  return system !== undefined && ['system', 'developer'].includes(messages[0]?.message.role ?? '');
}
