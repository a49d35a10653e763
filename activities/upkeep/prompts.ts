/** Prompt sets: added by themselves, named, and pinned by runs. */
import {
  promptsReference,
  type AddedPrompts,
  type AddingPrompts,
  type AddPromptsInput,
  type PromptActivities,
  type PromptsReference,
} from '../../domain/words/prompts.ts';
import type { Artifacts } from '../../store/artifacts/artifacts.ts';
import type { Compute } from '../compute/compute.ts';
import type { PromptFile } from '../data/data-tasks.ts';
import { noRoom, openPromptSet, type ImportedPromptSet } from '../data/prompt-set.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { rememberForRetry, signal } from '../guard.ts';
import { findPromptSet, type Store } from '../../store/index.ts';

/** Of a whole file. It says how far it is, so that this is for what would never end. */
const PROMPTS_MS = 4 * 24 * 3_600_000;

/** What pinning needs of the store. */
export type PromptRecords = Pick<Store, 'savePromptSet' | 'promptSets'>;

interface PinPorts {
  readonly store: PromptRecords;
  readonly artifacts: Artifacts;
  readonly compute: Compute;
}

/** How a file of prompts is read. */
type Asked = Omit<PromptFile, 'folder' | 'path' | 'field'>;

interface Ports extends PinPorts {
  readonly store: Store;
}

export function promptSets(ports: Ports): PromptActivities {
  const { store } = ports;

  async function move(name: string, hash: string): Promise<NonNullable<AddedPrompts['alias']>> {
    const previous = await store.promptAlias(name);
    await store.movePromptAlias(name, hash);
    return { name, ...(previous !== undefined && previous !== hash && { previous }) };
  }

  return {
    async addPrompts({ path, tokenizer: file, alias, ...how }: AddPromptsInput) {
      // How much a prompt may hold is a matter of the model that is asked: a run's plan looks at it.
      const chat = {
        tokenizer: file,
        template: how.chatTemplate,
        arguments: how.chatTemplateArguments,
        addBeginning: how.addBeginning,
        date: how.date ?? new Date().toISOString().slice(0, 'YYYY-MM-DD'.length),
        remedy: 'name a Jinja file with --chat-template',
      };
      const set = await addFile(ports, { path, chat, maxTokens: Infinity, field: 'FILE' }, signal(), (rows) =>
        rememberForRetry({ rows } satisfies AddingPrompts),
      );
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

/** The set that a run depends on from here on: by its hash, wherever its alias moves. `tokenizer`: hash of its file. */
export async function pinPromptSet(
  ports: PinPorts,
  { reference, tokenizer, ...asked }: { reference: PromptsReference; tokenizer: string } & Asked,
  stop: AbortSignal,
): Promise<{ readonly hash: string; readonly prompts: number }> {
  if (reference.kind === 'file') return addFile(ports, { path: reference.path, ...asked }, stop);
  const set = await findPromptSet(ports.store, reference);
  if (set.tokenizer !== tokenizer) {
    throw refused(set.hash, 'was made with another tokenizer than model.tokenizer; add its file again with this one');
  }
  const found = { folder: ports.artifacts.location, promptSet: set.hash, chat: asked.chat };
  const other = await ports.compute.run('data.otherRendering', found, { signal: stop });
  if (other !== undefined) {
    throw refused(set.hash, `was made with ${other} than this experiment has; add its file again with the same`);
  }
  const prompts = await openPromptSet(ports.artifacts, set.hash);
  const long = prompts.findIndex(({ tokens }) => tokens.length > asked.maxTokens);
  if (long === -1) return set;
  const tokens = prompts[long]?.tokens.length ?? 0;
  throw refused(set.hash, `has a prompt (number ${long + 1}) of ${noRoom(tokens, asked)}`);
}

async function addFile(
  { store, artifacts, compute }: PinPorts,
  options: Omit<PromptFile, 'folder'>,
  stop: AbortSignal,
  onProgress: (rows: number) => void = () => undefined,
): Promise<ImportedPromptSet> {
  const file = { ...options, folder: artifacts.location };
  const limits = { signal: stop, timeoutMs: PROMPTS_MS, what: options.path, onProgress };
  const { tokenizer, ...set } = await compute.run('data.importPrompts', file, limits);
  await store.savePromptSet({ ...set, tokenizer });
  return set;
}

function refused(hash: string, why: string): PawlError {
  return new PawlError('InvalidRequest', `evaluate.prompts: prompt set ${hash.slice(0, 12)} ${why}.`);
}
