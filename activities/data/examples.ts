/** Rows of training data become tokens, each kind of row in its own way. */
import { requireChatTemplate, type ChatTemplate } from './chat-template.ts';
import { tokenizeConversation, type TokenizedExample, type TrainOn } from './conversation.ts';
import { badRow, type JsonlRow } from './jsonl.ts';
import type { TextTokenizer } from './tokenizer.ts';
import type { TrainingRow } from './training-rows.ts';

/** How conversations are rendered and trained on. */
export interface ChatSettings {
  /** Path of the tokenizer.json, beside which its template lies. */
  readonly tokenizer: string;
  /** Another template than the tokenizer's own. */
  readonly template?: string | undefined;
  readonly trainOn?: TrainOn | undefined;
  /** What day it is for templates that ask. */
  readonly date?: string | undefined;
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
  /** Loaded for the first conversation: data without any needs no template, nor is held up by a broken one. */
  #template: ChatTemplate | undefined;

  constructor(settings: ExampleSettings) {
    this.#settings = settings;
  }

  get chatFacts(): ChatFacts | undefined {
    if (this.#template === undefined) return undefined;
    const { hash, date } = this.#template;
    return { chatTemplate: hash, trainOn: this.#trainOn, ...(date !== undefined && { date }) };
  }

  async tokenize({ row, place }: JsonlRow<TrainingRow>): Promise<TokenizedExample> {
    if ('prompt' in row) return this.#completion(row, place);
    this.#template ??= await this.#loadTemplate(place);
    const { tokenizer } = this.#settings;
    const how = { template: this.#template, tokenizer, trainOn: this.#trainOn };
    return tokenizeConversation({ messages: row.messages, place }, how);
  }

  get #trainOn(): TrainOn {
    return this.#settings.chat.trainOn ?? 'all-assistant';
  }

  #completion(row: { prompt: string; completion: string }, place: string): TokenizedExample {
    const { tokenizer, endTokens } = this.#settings;
    const prompt = tokenizer.encode(row.prompt);
    const completion = [...tokenizer.encode(row.completion), ...endTokens];
    if (prompt.length === 0) throw badRow(place, 'prompt has no tokens; give the model something to answer');
    if (completion.length === 0) throw badRow(place, 'completion has no tokens; set data.endToken, or give one');
    const tokens = [...prompt, ...completion];
    return { tokens, trained: [prompt.length, tokens.length] };
  }

  async #loadTemplate(place: string): Promise<ChatTemplate> {
    const { tokenizer, template, date } = this.#settings.chat;
    return requireChatTemplate(
      { tokenizer, path: template, date },
      { place, remedy: 'set data.chatTemplate to a Jinja file' },
    );
  }
}
