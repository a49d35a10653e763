/** Rows as ShareGPT and Alpaca write them, as messages. */
import { z } from 'zod';
import type { WeightedMessage } from './messages.ts';

const ROLES: Readonly<Record<string, string>> = {
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  chatgpt: 'assistant',
  bing: 'assistant',
  bard: 'assistant',
  model: 'assistant',
  assistant: 'assistant',
  system: 'system',
  tool: 'tool',
  observation: 'tool',
};

const Turn = z.strictObject({ from: z.string(), value: z.string(), weight: z.number().nullish() });
const ShareGpt = z.array(Turn).min(1);

/** `conversations`: [{"from": "human", "value": …}, …]. */
export const ShareGptMessages = z.unknown().transform((value, context): unknown[] => {
  const parsed = ShareGpt.safeParse(value);
  if (!parsed.success) {
    for (const { message, path } of parsed.error.issues) context.addIssue({ code: 'custom', message, path });
    return z.NEVER;
  }
  return parsed.data.map(({ from, value: content, weight }, index) => {
    const role = ROLES[from.toLowerCase()];
    if (role === undefined) {
      const message = `"${from}" is no role of ShareGPT (${Object.keys(ROLES).join(', ')}); write the row as messages`;
      context.addIssue({ code: 'custom', message, path: [index, 'from'] });
    }
    return { role, content, ...(weight !== undefined && weight !== null && { weight }) };
  });
});

const texts = { instruction: z.string(), input: z.string().optional(), output: z.string() };
export const AlpacaRow = z.object({
  ...texts,
  system: z.string().optional(),
  history: z.array(z.tuple([z.string(), z.string()])).optional(),
});

/** The instruction and its input, a line break between; earlier turns before. */
export function alpacaMessages({
  instruction,
  input = '',
  output,
  history = [],
}: z.output<typeof AlpacaRow>): WeightedMessage[] {
  const turns = [...history, [input === '' ? instruction : `${instruction}\n${input}`, output] as const];
  return turns.flatMap(([asked, answered]) => [
    { message: { role: 'user', content: asked }, weight: undefined },
    { message: { role: 'assistant', content: answered }, weight: undefined },
  ]);
}
