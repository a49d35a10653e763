/** A conversation as tokens, and which of them are the assistant's: by rendering it turn by turn, never by searching. */
import type { RunSpec } from '../../domain/spec/spec.ts';
import { oneLine, type ChatTemplate } from './chat-template.ts';
import { badRow } from './jsonl.ts';
import type { TextTokenizer } from './tokenizer.ts';
import type { Message } from './training-rows.ts';

export type TrainOn = NonNullable<RunSpec['data']['trainOn']>;

/** A training example before it is stored. */
export interface TokenizedExample {
  readonly tokens: readonly number[];
  /** Start and end of each piece that is trained on, in order. */
  readonly trained: readonly number[];
}

/**
 * A turn's tokens run from the end of the prompt that asks for it to the end of its own text, the marks that end a turn
 * included, as the model must learn to write them. What follows the last turn that is trained on is left out.
 */
export function tokenizeConversation(
  row: { readonly messages: readonly Message[]; readonly place: string },
  how: { readonly template: ChatTemplate; readonly tokenizer: TextTokenizer; readonly trainOn: TrainOn },
): TokenizedExample {
  const { messages, place } = row;
  const { template, tokenizer, trainOn } = how;
  const tokens: number[] = [];
  const trained: number[] = [];
  let text = '';
  const goOn = (turn: number, answer: boolean): void => {
    const next = render(template, messages.slice(0, turn), answer, place);
    if (!next.startsWith(text)) throw unstable(place, turn, trainOn);
    for (const token of tokenizer.encode(next.slice(text.length))) tokens.push(token);
    text = next;
  };

  for (const turn of trainedTurns(messages, trainOn)) {
    goOn(turn, true);
    const start = tokens.length;
    if (start === 0) throw badRow(place, 'messages begin with the assistant; put what it answers before');
    goOn(turn + 1, false);
    if (tokens.length === start) {
      throw badRow(place, `messages.${turn} has no tokens; give it content, or leave the row out`);
    }
    trained.push(start, tokens.length);
  }
  if (trained.length === 0)
    throw badRow(place, 'messages have no turn of the assistant; add one, or leave the row out');
  requireSameText(tokenizer, text, tokens, place);
  return { tokens, trained };
}

/** What the model is asked: the messages up to and with the beginning of its turn, as it stands when it is trained on. */
export function tokenizeQuestion(
  { messages, place }: { readonly messages: readonly Message[]; readonly place: string },
  { template, tokenizer }: { readonly template: ChatTemplate; readonly tokenizer: TextTokenizer },
): { prompt: string; tokens: number[] } {
  if (messages.at(-1)?.role === 'assistant') {
    throw badRow(place, 'messages end with an answer of the assistant; make it the reference');
  }
  const prompt = render(template, messages, true, place);
  return { prompt, tokens: tokenizer.encode(prompt) };
}

function trainedTurns(messages: readonly Message[], trainOn: TrainOn): number[] {
  const turns = messages.flatMap(({ role }, index) => (role === 'assistant' ? [index] : []));
  return trainOn === 'last-assistant' ? turns.slice(-1) : turns;
}

function render(template: ChatTemplate, messages: readonly Message[], answer: boolean, place: string): string {
  try {
    return template.render(messages, { answer });
  } catch (error) {
    throw badRow(
      place,
      `the chat template refuses messages 0 to ${messages.length - 1} (${oneLine(error)}); mend them or data.chatTemplate`,
    );
  }
}

/** A template may drop or rewrite earlier turns (their reasoning, say): then no piece of the whole is one turn. */
function unstable(place: string, turns: number, trainOn: TrainOn): Error {
  const other = trainOn === 'all-assistant' ? 'set data.trainOn: last-assistant, or ' : '';
  return badRow(
    place,
    `the chat template rewrites what comes before messages.${turns - 1}; ${other}set data.chatTemplate to one that only adds to it`,
  );
}

/**
 * Pieces are tokenized one by one, as they are when the model is asked. Where a token would straddle two of them the ids
 * differ from those of the whole, which is right as long as they read the same.
 */
function requireSameText(tokenizer: TextTokenizer, text: string, tokens: readonly number[], place: string): void {
  const whole = tokenizer.encode(text);
  if (whole.length === tokens.length && whole.every((token, index) => token === tokens[index])) return;
  if (tokenizer.decode(whole) === tokenizer.decode(tokens)) return;
  throw badRow(
    place,
    'turns tokenized one by one read otherwise than in one piece; set data.chatTemplate to one with special tokens around each turn',
  );
}
