/** Prompt sets from outside: added and named by a worker, read from the store. */
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { z } from 'zod';
import { findPromptSet, type StoredPromptSet } from '../../store/index.ts';
import {
  ADD_PROMPTS_WORKFLOW_TYPE,
  ALIAS_PROMPTS_WORKFLOW_TYPE,
  promptsReference,
  type AddedPrompts,
  type AddingPrompts,
  type AddPromptsInput,
  type AliasedPrompts,
  type AliasPromptsInput,
} from '../../domain/words/prompts.ts';
import { UserError } from '../errors.ts';
import { today } from '../../files/experiment/pinned-date.ts';
import type { RunStore } from '../runs/run-store.ts';
import { failureMessage, isNamed } from '../temporal/failure.ts';
import type { TemporalLink } from '../temporal/temporal-link.ts';

const Adding: z.ZodType<AddingPrompts> = z.looseObject({ rows: z.number().int() });

export class PromptSets {
  readonly #temporal: TemporalLink;
  readonly #store: RunStore;

  constructor(temporal: TemporalLink, store: RunStore) {
    this.#temporal = temporal;
    this.#store = store;
  }

  /** Tokenizes a JSONL file and keeps it for ever; the same file and tokenizer are the same set. */
  async add(
    { path, tokenizer, chatTemplate, ...how }: AddPromptsInput,
    { onProgress }: { onProgress?: (rows: number) => void } = {},
  ): Promise<AddedPrompts> {
    const input: AddPromptsInput = {
      date: today(),
      ...how,
      path: resolve(path),
      tokenizer: resolve(tokenizer),
      ...(chatTemplate !== undefined && { chatTemplate: resolve(chatTemplate) }),
    };
    return this.#execute(ADD_PROMPTS_WORKFLOW_TYPE, input, (said) => {
      const adding = Adding.safeParse(said);
      if (adding.success) onProgress?.(adding.data.rows);
    });
  }

  /** Makes a name stand for a set. Runs that pinned what it stood for before keep that. */
  async alias(input: AliasPromptsInput): Promise<AliasedPrompts> {
    return this.#execute(ALIAS_PROMPTS_WORKFLOW_TYPE, input);
  }

  /** Newest first. */
  async list(): Promise<readonly StoredPromptSet[]> {
    return (await (await this.#store.reader())?.promptSets()) ?? [];
  }

  /** By `sha256:<hash>`, `alias:<name>`, or either without its prefix. */
  async show(text: string): Promise<StoredPromptSet> {
    const sets = await this.list();
    const named = sets.find(({ aliases }) => aliases.includes(text));
    if (named !== undefined) return named;
    const reference = promptsReference(text);
    return findPromptSet(
      { promptSets: () => Promise.resolve(sets) },
      reference.kind === 'file' ? { kind: 'hash', hash: text } : reference,
    );
  }

  async #execute<Result>(
    workflowType: string,
    input: object,
    onProgress: (said: unknown) => void = () => undefined,
  ): Promise<Result> {
    if (!(await this.#temporal.hasWorker())) {
      throw new UserError(
        `No worker polls the task queue ${await this.#temporal.queue()}.`,
        'Start one with `pawl up`.',
      );
    }
    try {
      // A new id each time: done twice, it is done once.
      return await this.#temporal.execute<Result>(workflowType, `pawl-prompts-${randomUUID()}`, { input, onProgress });
    } catch (error) {
      if (!isNamed(error, 'WorkflowFailedError')) throw error;
      throw new UserError(failureMessage(error), '', { cause: error });
    }
  }
}
