/** What a line of training data may be: a prompt with its completion, or a conversation. */
import { z } from 'zod';
import type { JsonlFormat } from './jsonl.ts';

/** Strict: what the template would silently leave out (tool calls, images) must not be trained on as if it were there. */
const Message = z.strictObject({ role: z.string().min(1), content: z.string() });
export type Message = z.output<typeof Message>;

export const Messages = z.array(Message).min(1);

const TextRow = z.object({ prompt: z.string(), completion: z.string() });
const ChatRow = z.object({
  messages: Messages,
  tools: z.undefined({ error: 'tools are not supported; leave them out' }).optional(),
});

export type TrainingRow = z.output<typeof TextRow> | z.output<typeof ChatRow>;

/** Chosen by what the row holds, so that a wrong row is told about its own fields, not about both kinds. */
const Row = z.unknown().transform((value, context): TrainingRow => {
  const parsed = (isChat(value) ? ChatRow : TextRow).safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { message, path } of parsed.error.issues) context.addIssue({ code: 'custom', message, path });
  return z.NEVER;
});

/** A row with a completion is no conversation: such a row may carry other fields, which are ignored. */
function isChat(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'messages' in value && !('completion' in value);
}

export const TRAINING_ROWS: JsonlFormat<TrainingRow> = {
  field: 'data.train',
  schema: Row,
  example: '{"prompt": "…", "completion": "…"} or {"messages": [{"role": "…", "content": "…"}, …]}',
};
