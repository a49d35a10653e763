/** A conversation as tokens, and which of them are the assistant's: by rendering it turn by turn, never by searching. */
import type { RunSpec } from '../../domain/spec/spec.ts';
import { UnusedField, oneLine, type ChatTemplate, type OpenConversation } from './chat-template.ts';
import { badRow } from './jsonl.ts';
import type { Rendered } from './jinja/template.ts';
import type { Conversation, Message } from './messages.ts';
import { REASONING_OPENED, type Notice } from './notices.ts';
import { tokenizePieces, type Piece, type TokenizedExample } from './pieces.ts';
import type { TextTokenizer } from './tokenizer.ts';

export type TrainOn = NonNullable<RunSpec['data']['trainOn']>;

interface Row {
  readonly conversation: Conversation;
  /** Of each message; 0 is not trained on. */
  readonly weights?: readonly (0 | 1 | undefined)[];
  readonly place: string;
}

interface How {
  readonly template: ChatTemplate;
  readonly tokenizer: TextTokenizer;
  readonly trainOn: TrainOn;
}

export interface TokenizedRow {
  /** None: nothing of the row is trained on. */
  readonly examples: readonly TokenizedExample[];
  readonly notices: readonly Notice[];
}

/**
 * A turn's tokens run from the end of the prompt that asks for it to the end of its own text, the marks that end a turn
 * included, as the model must learn to write them; where the template marks what the assistant generates, that is it.
 * What follows the last turn that is trained on is left out.
 */
export function tokenizeConversation(row: Row, how: How): TokenizedRow {
  const { conversation, place } = row;
  const { template, trainOn } = how;
  const turns = trainedTurns(row, trainOn);
  const notices: Notice[] = [];
  const open = opened(template, conversation, place);
  const groups = trainOn === 'each-assistant' ? turns.map((turn) => [turn]) : turns.length === 0 ? [] : [turns];
  const examples = groups.map((group) => {
    const pieces = template.marksGenerations
      ? markedPieces(open, group, row)
      : turnPieces(open, group, { ...row, trainOn, notices });
    return tokenizePieces(pieces, { tokenizer: how.tokenizer, place, eachTurn: trainOn === 'each-assistant' });
  });
  requireUsed(open, (turns.at(-1) ?? -1) + 1, place);
  return { examples, notices };
}

function requireUsed(open: OpenConversation, messages: number, place: string): void {
  const unused = open.unused(messages);
  if (unused === undefined) return;
  throw badRow(
    place,
    `${unused}: the chat template does not use it; take it out, or set data.chatTemplate to one that does`,
  );
}

function opened(template: ChatTemplate, conversation: Conversation, place: string): OpenConversation {
  try {
    return template.open(conversation);
  } catch (error) {
    throw error instanceof UnusedField ? badRow(place, error.message) : error;
  }
}

interface Turns extends Row {
  readonly trainOn: TrainOn;
  readonly notices: Notice[];
}

/** Each turn from the end of the prompt that asks for it. */
function turnPieces(open: OpenConversation, turns: readonly number[], row: Turns): Piece[] {
  const { place, trainOn, notices } = row;
  const pieces: Piece[] = [];
  let text = '';
  for (const turn of turns) {
    const asked = render(open, turn, true, place).text;
    const answered = render(open, turn + 1, false, place).text;
    if (!asked.startsWith(text) || !answered.startsWith(text)) throw unstable(place, turn, trainOn);
    const begin = beginning(asked, answered, { place, turn, notices });
    if (begin < text.length) throw unstable(place, turn, trainOn);
    if (begin === 0) throw badRow(place, 'messages begin with the assistant; put what it answers before');
    if (answered.length === begin) {
      throw badRow(place, `messages.${turn} has no tokens; give it content, or leave the row out`);
    }
    pieces.push({ text: answered.slice(text.length, begin), trained: false });
    pieces.push({ text: answered.slice(begin), trained: true, turn });
    text = answered;
  }
  return pieces;
}

const REASONING = /[<[][^\n]*(?:think|thought|reason|analysis)/i;
const LONGEST_MARK = 120;

/**
 * Where an answer begins. Templates of reasoning models end the prompt that asks in the mark that opens reasoning, and
 * render an answer without one: then it begins where both part, as TRL has it.
 */
function beginning(
  asked: string,
  answered: string,
  { place, turn, notices }: { place: string; turn: number; notices: Notice[] },
): number {
  if (answered.startsWith(asked)) return asked.length;
  let common = 0;
  while (common < asked.length && asked[common] === answered[common]) common += 1;
  const rest = asked.slice(common);
  if (rest.length > LONGEST_MARK || !REASONING.test(rest)) {
    throw badRow(
      place,
      `the prompt that asks for messages.${turn} ends in ${JSON.stringify(rest.slice(-60))}, with which the rendered answer does not begin; set data.chatTemplate to one that renders both alike`,
    );
  }
  notices.push(REASONING_OPENED);
  return common;
}

/** What the template itself marks as generated: the first mark is the first turn's, and so on. */
function markedPieces(open: OpenConversation, turns: readonly number[], { conversation, place }: Row): Piece[] {
  const end = (turns.at(-1) ?? 0) + 1;
  const { text, generations: marks } = render(open, end, false, place);
  const all = assistantTurns(conversation.messages.slice(0, end));
  const generations = marks.length === 2 * all.length ? marks : joined(marks);
  if (generations.length !== 2 * all.length) {
    throw badRow(
      place,
      `the chat template marks ${generations.length / 2} generations in ${all.length} turns of the assistant; set data.chatTemplate to one that marks each`,
    );
  }
  const pieces: Piece[] = [];
  let at = 0;
  for (const [index, turn] of all.entries()) {
    if (!turns.includes(turn)) continue;
    const [start = 0, stop = 0] = generations.slice(2 * index);
    if (start === 0) throw badRow(place, 'messages begin with the assistant; put what it answers before');
    if (start === stop) throw badRow(place, `messages.${turn} has no tokens; give it content, or leave the row out`);
    pieces.push(
      { text: text.slice(at, start), trained: false },
      { text: text.slice(start, stop), trained: true, turn },
    );
    at = stop;
  }
  return pieces;
}

/** Generations that touch are one: TRL's Phi-3 marks the end of the text apart from the answer before it. */
function joined(marks: readonly number[]): readonly number[] {
  return marks.filter((mark, index) => mark !== marks[index % 2 === 0 ? index - 1 : index + 1]);
}

/** What the model is asked: the messages up to and with the beginning of its turn, as it stands when it is trained on. */
export function tokenizeQuestion(
  { conversation, place }: { readonly conversation: Conversation; readonly place: string },
  { template, tokenizer }: { readonly template: ChatTemplate; readonly tokenizer: TextTokenizer },
): { prompt: string; tokens: number[] } {
  const { messages } = conversation;
  if (messages.at(-1)?.role === 'assistant') {
    throw badRow(place, 'messages end with an answer of the assistant; make it the reference');
  }
  const open = opened(template, conversation, place);
  const { text: prompt } = render(open, messages.length, true, place);
  requireUsed(open, messages.length, place);
  return { prompt, tokens: tokenizer.encode(prompt) };
}

function assistantTurns(messages: readonly Message[]): number[] {
  return messages.flatMap(({ role }, index) => (role === 'assistant' ? [index] : []));
}

function trainedTurns({ conversation, weights = [], place }: Row, trainOn: TrainOn): number[] {
  const turns = assistantTurns(conversation.messages);
  if (turns.length === 0) throw badRow(place, 'messages have no turn of the assistant; add one, or leave the row out');
  const weighted = turns.filter((turn) => weights[turn] !== 0);
  return trainOn === 'last-assistant' ? weighted.slice(-1) : weighted;
}

function render(open: OpenConversation, count: number, answer: boolean, place: string): Rendered {
  try {
    return open.render(count, { answer });
  } catch (error) {
    throw badRow(
      place,
      `the chat template refuses messages 0 to ${count - 1} (${oneLine(error)}); mend them or data.chatTemplate`,
    );
  }
}

/** A template may drop or rewrite earlier turns (their reasoning, say): then no piece of the whole is one turn. */
function unstable(place: string, turn: number, trainOn: TrainOn): Error {
  const other =
    trainOn === 'all-assistant'
      ? 'set data.trainOn: each-assistant (an example for each turn) or last-assistant, or '
      : '';
  return badRow(
    place,
    `the chat template rewrites what comes before messages.${turn}; ${other}set data.chatTemplate to one that only adds to it`,
  );
}
