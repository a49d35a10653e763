/**
 * Chat completions, as OpenAI-compatible endpoints have them, by one model that follows a rule: a judge, with which
 * experiments that are graded by a judge can be rehearsed. It knows words, and no meaning.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalid, notFound } from '../errors.ts';
import { parse } from '../validate.ts';

const JUDGE = 'accounts/fireworks/models/pawl-judge';

const ChatRequest = z.looseObject({
  model: z.string().min(1),
  messages: z
    .array(z.looseObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string().max(1_000_000) }))
    .min(1)
    .max(1_000),
  n: z.literal(1).optional(),
  stream: z.boolean().optional(),
});
type Message = z.output<typeof ChatRequest>['messages'][number];

/** What is to be judged, as JSON in the last message. */
const Question = z.looseObject({ reference: z.string(), answer: z.string() });

export function chatRoutes(app: FastifyInstance): void {
  app.post('/inference/v1/chat/completions', (request) => {
    const { model, messages, stream } = parse(ChatRequest, request.body);
    if (model !== JUDGE) throw notFound(`chat model "${model.slice(0, 200)}" (there is ${JUDGE})`);
    if (stream === true) throw invalid('stream: the judge answers in one piece');
    const content = judge(messages);
    const tokens = { prompt: words(messages.map((message) => message.content).join(' ')), completion: words(content) };
    return {
      id: `chatcmpl-${randomBytes(12).toString('hex')}`,
      object: 'chat.completion',
      created: Math.floor(Date.now() / 1_000),
      model,
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: tokens.prompt.length,
        completion_tokens: tokens.completion.length,
        total_tokens: tokens.prompt.length + tokens.completion.length,
      },
    };
  });
}

/** The share of the reference's words that the answer has, in words and as a score. */
function judge(messages: readonly Message[]): string {
  const question = Question.safeParse(parseJson(messages.at(-1)?.content ?? ''));
  if (!question.success) return 'There is no reference and no answer here that I could compare.';
  const wanted = words(question.data.reference);
  const left = [...words(question.data.answer)];
  const found = wanted.filter((word) => {
    const at = left.indexOf(word);
    if (at !== -1) left.splice(at, 1);
    return at !== -1;
  });
  const share = wanted.length === 0 ? Number(left.length === 0) : found.length / wanted.length;
  const score = share * perfectScore(messages);
  return `The answer has ${found.length} of the ${wanted.length} words of the reference.\nScore: ${Number(score.toFixed(6))}`;
}

/** `… from 0 (bad) to 5 (perfect)`, as the instructions have it; 1 where they do not say. */
function perfectScore(messages: readonly Message[]): number {
  const instructions = messages.find(({ role }) => role === 'system')?.content ?? '';
  const [, most] = /\bto\s+(\d+(?:\.\d+)?)\s*\(perfect\)/.exec(instructions) ?? [];
  return most === undefined ? 1 : Number(most);
}

function words(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
