/** Rows of training data become tokens, each kind of row in its own way. */
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { requireChatTemplate, type ChatTemplate } from './chat-template.ts';
import { tokenizeConversation, type TokenizedRow, type TrainOn } from './conversation.ts';
import { badRow, type JsonlRow } from './jsonl.ts';
import {
  BEGINNING_ADDED,
  BEGINNING_LACKING,
  NO_END,
  OTHER_END,
  WEIGHT_ZERO,
  ignoredColumn,
  readAs,
  type Notice,
} from './notices.ts';
import type { TokenizedExample } from './pieces.ts';
import type { TextTokenizer } from './tokenizer.ts';
import type { ChatRow, RowFormat, TextRow, TrainingRow } from './training-rows.ts';

/** How conversations are rendered and trained on, and texts begun. */
export interface ChatSettings {
  /** Path of the tokenizer.json, beside which its template lies. */
  readonly tokenizer: string;
  /** Another template than the tokenizer's own. */
  readonly template?: string | undefined;
  readonly trainOn?: TrainOn | undefined;
  /** What day it is for templates that ask. */
  readonly date?: string | undefined;
  /** Variables of the template. */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
  /** Whether the tokenizer's beginning token is put before texts; default: as transformers does. */
  readonly addBeginning?: boolean | undefined;
  /** How rows are written. */
  readonly format?: RowFormat | undefined;
  /** Columns that are not to be used. */
  readonly ignore?: readonly string[] | undefined;
}

interface ExampleSettings {
  readonly tokenizer: TextTokenizer;
  readonly endTokens: readonly number[];
  readonly chat: ChatSettings;
}

/** How the conversations of a dataset were read; absent where it has none. */
export interface ChatFacts {
  readonly chatTemplate: string;
  readonly trainOn: TrainOn;
  readonly date?: string;
}

export class ExampleTokenizer {
  readonly #settings: ExampleSettings;
  readonly #beginning: readonly number[];
  /** Loaded for the first conversation: data without any needs no template, nor is held up by a broken one. */
  #template: ChatTemplate | undefined;

  constructor(settings: ExampleSettings) {
    this.#settings = settings;
    this.#beginning = beginningOf(settings.tokenizer, settings.chat.addBeginning);
  }

  get chatFacts(): ChatFacts | undefined {
    if (this.#template === undefined) return undefined;
    const { hash, date } = this.#template;
    return { chatTemplate: hash, trainOn: this.#trainOn, ...(date !== undefined && { date }) };
  }

  /** No example: the row is left out, as its weight says. */
  async tokenize({ row, place }: JsonlRow<TrainingRow>): Promise<TokenizedRow> {
    const notices = row.ignored.map(ignoredColumn);
    const { format } = this.#settings.chat;
    if (format === undefined && row.format !== 'text' && row.format !== 'messages') notices.push(readAs(row.format));
    if (row.weight === 0) return { examples: [], notices: [...notices, WEIGHT_ZERO] };
    const made = row.kind === 'text' ? this.#completion(row, place) : await this.#conversation(row, place);
    return { examples: made.examples, notices: [...new Set([...notices, ...made.notices])] };
  }

  get #trainOn(): TrainOn {
    return this.#settings.chat.trainOn ?? 'all-assistant';
  }

  async #conversation(row: ChatRow, place: string): Promise<TokenizedRow> {
    this.#template ??= await this.#loadTemplate(place);
    const { tokenizer } = this.#settings;
    const how = { template: this.#template, tokenizer, trainOn: this.#trainOn };
    const made = tokenizeConversation({ ...row, place }, how);
    if (made.examples.length === 0) return { ...made, notices: [...made.notices, WEIGHT_ZERO] };
    return { ...made, notices: [...made.notices, ...made.examples.flatMap((example) => this.#endOf(example))] };
  }

  #completion(row: TextRow, place: string): TokenizedRow {
    const { tokenizer, endTokens } = this.#settings;
    const text = tokenizer.encode(row.prompt);
    const notices: Notice[] = [];
    const prompt = this.#begun(text, notices);
    const own = tokenizer.encode(row.completion);
    // A completion that ends so already has its end.
    const completion = endsWith(own, endTokens) ? own : [...own, ...endTokens];
    if (prompt.length === 0) throw badRow(place, 'prompt has no tokens; give the model something to answer');
    if (completion.length === 0) throw badRow(place, 'completion has no tokens; set data.endToken, or give one');
    const tokens = [...prompt, ...completion];
    const example = { tokens, trained: [prompt.length, tokens.length] };
    return { examples: [example], notices: [...notices, ...this.#endOf(example)] };
  }

  #begun(text: readonly number[], notices: Notice[]): readonly number[] {
    const { tokenizer } = this.#settings;
    const { beginning } = tokenizer;
    if (beginning.length === 0 || startsWith(text, beginning)) return text;
    const spelled = beginning.map((id) => tokenizer.spell(id)).join('');
    notices.push(`${this.#beginning.length > 0 ? BEGINNING_ADDED : BEGINNING_LACKING}:${spelled}`);
    return [...this.#beginning, ...text];
  }

  /** Whether what is trained last is an end: the model stops where it has learned to. */
  #endOf({ tokens, trained }: TokenizedExample): Notice[] {
    const { tokenizer, endTokens } = this.#settings;
    let end = trained.at(-1) ?? 0;
    const isBlank = (id: number | undefined): boolean =>
      id !== undefined && !tokenizer.special.has(id) && tokenizer.decode([id]).trim() === '';
    while (end > 0 && isBlank(tokens[end - 1])) end -= 1;
    const answer = tokens.slice(trained.at(-2), end);
    if (endTokens.length === 0) return tokenizer.special.has(answer.at(-1) ?? -1) ? [] : [NO_END];
    if (endsWith(answer, endTokens)) return [];
    return [`${OTHER_END}:${endTokens.map((id) => tokenizer.spell(id)).join('')}`];
  }

  async #loadTemplate(place: string): Promise<ChatTemplate> {
    const { tokenizer, template, date, arguments: given } = this.#settings.chat;
    return requireChatTemplate(
      { tokenizer, path: template, date, arguments: given },
      { place, remedy: 'set data.chatTemplate to a Jinja file' },
    );
  }
}

/** What is put before texts. */
export function beginningOf(tokenizer: TextTokenizer, wanted: boolean | undefined): readonly number[] {
  if (wanted === false) return [];
  if (wanted === true && tokenizer.beginning.length === 0) {
    throw new PawlError(
      'InvalidRequest',
      'data.addBeginning: this tokenizer puts nothing before a text (its post_processor names no beginning); leave it out.',
    );
  }
  return tokenizer.beginning;
}

function startsWith(tokens: readonly number[], start: readonly number[]): boolean {
  return start.every((id, index) => tokens[index] === id);
}

function endsWith(tokens: readonly number[], end: readonly number[]): boolean {
  return end.length <= tokens.length && end.every((id, index) => tokens[tokens.length - end.length + index] === id);
}
