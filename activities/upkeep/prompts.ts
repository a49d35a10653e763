/** Prompt sets: added by themselves, named, and pinned by runs. */
import {
  promptsReference,
  type AddedPrompts,
  type AddPromptsInput,
  type PromptActivities,
  type PromptsReference,
} from '../../domain/words/prompts.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import {
  importPromptSet,
  openPromptSet,
  otherRendering,
  type ImportedPromptSet,
  type PromptImport,
} from '../data/prompt-set.ts';
import { loadTokenizer } from '../data/tokenizer.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { signal } from '../guard.ts';
import { findPromptSet, type Store } from '../../store/index.ts';

interface Ports {
  readonly store: Store;
  readonly artifacts: Artifacts;
}

export function promptSets(ports: Ports): PromptActivities {
  const { store } = ports;

  async function move(name: string, hash: string): Promise<NonNullable<AddedPrompts['alias']>> {
    const previous = await store.promptAlias(name);
    await store.movePromptAlias(name, hash);
    return { name, ...(previous !== undefined && previous !== hash && { previous }) };
  }

  return {
    async addPrompts({ path, tokenizer: file, chatTemplate, alias }: AddPromptsInput) {
      const tokenizer = await loadTokenizer(file);
      // How much a prompt may hold is a matter of the model that is asked: a run's plan looks at it.
      const date = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length);
      const chat = { tokenizer: file, template: chatTemplate, date, remedy: 'name a Jinja file with --chat-template' };
      const set = await addFile(ports, { path, tokenizer, chat, maxTokens: Infinity, field: 'FILE' });
      return { ...set, ...(alias !== undefined && { alias: await move(alias, set.hash) }) };
    },

    async aliasPrompts({ alias, set }) {
      const reference = promptsReference(set);
      if (reference.kind === 'file') throw new PawlError('InvalidRequest', `${set} is neither sha256:… nor alias:….`);
      const { hash } = await findPromptSet(store, reference);
      return { hash, alias: await move(alias, hash) };
    },
  };
}

/** The set that a run depends on from here on: by its hash, wherever its alias moves. */
export async function pinPromptSet(
  ports: Ports,
  { reference, ...asked }: { reference: PromptsReference } & Omit<PromptImport, 'path' | 'field' | 'signal'>,
): Promise<{ readonly hash: string; readonly prompts: number }> {
  if (reference.kind === 'file') return addFile(ports, { path: reference.path, ...asked });
  const set = await findPromptSet(ports.store, reference);
  if (set.tokenizer !== asked.tokenizer.hash) {
    throw refused(set.hash, 'was made with another tokenizer than model.tokenizer; add its file again with this one');
  }
  const other = await otherRendering(ports.artifacts, set.hash, asked);
  if (other !== undefined) {
    throw refused(set.hash, `was made with ${other} than this experiment has; add its file again with the same`);
  }
  const prompts = await openPromptSet(ports.artifacts, set.hash);
  const long = prompts.findIndex(({ tokens }) => tokens.length > asked.maxTokens);
  if (long === -1) return set;
  const tokens = prompts[long]?.tokens.length ?? 0;
  throw refused(set.hash, `has a prompt (number ${long + 1}) of ${tokens} tokens, more than ${asked.maxTokens}`);
}

async function addFile({ store, artifacts }: Ports, options: Omit<PromptImport, 'signal'>): Promise<ImportedPromptSet> {
  const set = await importPromptSet(artifacts, { ...options, signal: signal() });
  await store.savePromptSet({ ...set, tokenizer: options.tokenizer.hash });
  return set;
}

function refused(hash: string, why: string): PawlError {
  return new PawlError('InvalidRequest', `evaluate.prompts: prompt set ${hash.slice(0, 12)} ${why}.`);
}
