/** Prompt sets by themselves: how they are named, what adding one is asked, does and says. */

export const ADD_PROMPTS_WORKFLOW_TYPE = 'addPrompts';
export const ALIAS_PROMPTS_WORKFLOW_TYPE = 'aliasPrompts';

/** Where an experiment's prompts are: in a file, or in a set that was added before. */
export type PromptsReference =
  | { readonly kind: 'file'; readonly path: string }
  /** A beginning of it, if no other set's hash begins so. */
  | { readonly kind: 'hash'; readonly hash: string }
  | { readonly kind: 'alias'; readonly name: string };

/** `sha256:<hash>`, `alias:<name>`, or a path. */
export function promptsReference(text: string): PromptsReference {
  if (text.startsWith('sha256:')) return { kind: 'hash', hash: text.slice('sha256:'.length) };
  if (text.startsWith('alias:')) return { kind: 'alias', name: text.slice('alias:'.length) };
  return { kind: 'file', path: text };
}

/** At least so much of a hash is asked for: less may soon be another set's too. */
export const PROMPTS_REFERENCE = /^(?:sha256:[0-9a-f]{8,64}|alias:[a-z0-9][a-z0-9._-]{0,62}|(?!sha256:|alias:).+)$/s;
export const PROMPTS_ALIAS = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** Paths are absolute, and the worker's. What an experiment that asks these prompts says of its data must be the same. */
export interface AddPromptsInput {
  readonly path: string;
  readonly tokenizer: string;
  /** For prompts that are messages; absent: the tokenizer's own. */
  readonly chatTemplate?: string;
  /** Variables of the template. */
  readonly chatTemplateArguments?: Readonly<Record<string, unknown>>;
  /** What day it is for templates that ask; absent: the worker's. */
  readonly date?: string;
  /** The tokenizer's beginning token before prompts that are text; absent: as transformers does. */
  readonly addBeginning?: boolean;
  readonly alias?: string;
}

/** What adding a file says while it lasts. */
export interface AddingPrompts {
  readonly rows: number;
}

export interface AliasPromptsInput {
  readonly alias: string;
  /** `sha256:<hash>` or `alias:<name>`. */
  readonly set: string;
}

interface MovedAlias {
  readonly name: string;
  /** The set it stood for before, if it was another one. */
  readonly previous?: string;
}

export interface AddedPrompts {
  /** Artifact (sha256). */
  readonly hash: string;
  readonly prompts: number;
  /** Identical rows that were left out. */
  readonly duplicates: number;
  readonly alias?: MovedAlias;
}

export interface AliasedPrompts {
  readonly hash: string;
  readonly alias: MovedAlias;
}

/** Doing one again changes nothing more. */
export interface PromptActivities {
  addPrompts(input: AddPromptsInput): Promise<AddedPrompts>;
  aliasPrompts(input: AliasPromptsInput): Promise<AliasedPrompts>;
}
