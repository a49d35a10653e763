/** Chat templates in Jinja, from the tokenizer's own files: messages in, the text that the model is trained on out. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { sha256 } from '../../store/artifacts/artifacts.ts';
import { jinja, type JinjaTemplate, type Rendered } from './jinja/template.ts';
import type { Conversation } from './messages.ts';
import { templateMessages, unusedOf, type TemplateMessages } from './template-messages.ts';

export interface ChatTemplate {
  /** sha256 of the template and of the special tokens that it is given. */
  readonly hash: string;
  /** The day that the template was told, if it asks what day it is. */
  readonly date?: string;
  /** `arguments` of the experiment, for every conversation, and what else it depends on beside the template. */
  readonly settings: string;
  /** Whether it says itself, by `generation` blocks, what is trained on. */
  readonly marksGenerations: boolean;
  /** Throws what would not be used of the conversation. */
  open(conversation: Conversation): OpenConversation;
}

/** A conversation to be rendered as far as one likes. */
export interface OpenConversation {
  /** The first messages; `answer`: with the beginning of the assistant's next turn. Throws what the template has against them. */
  render(messages: number, options: { answer: boolean }): Rendered;
  /** Fields of the first messages that no rendering so far has looked at. */
  unused(messages: number): string | undefined;
}

/** Where a template is looked for, and the day that it is told. */
export interface ChatTemplateFiles {
  readonly tokenizer: string;
  readonly path?: string | undefined;
  /** YYYY-MM-DD; pinned, or the same data would be other data tomorrow. */
  readonly date?: string | undefined;
  /** Variables for every conversation (`data.chatTemplateArguments`). */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
}

/** What the fields of a tokenizer_config.json are that a template depends on. */
const Config = z.looseObject({
  chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish(),
});
const SpecialToken = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)]);

/**
 * The template at `path` (`data.chatTemplate`), else chat_template.jinja beside the tokenizer, else that of its
 * tokenizer_config.json: the order in which transformers looks. None: undefined.
 */
async function loadChatTemplate(files: ChatTemplateFiles): Promise<ChatTemplate | undefined> {
  const found = await findChatTemplate(files);
  return found && compile(found, files);
}

interface FoundTemplate {
  readonly path: string;
  readonly source: string;
  readonly specialTokens: Readonly<Record<string, string>>;
  /** The template for conversations with tools, where there are two. */
  readonly toolUse?: string | undefined;
}

async function findChatTemplate(files: ChatTemplateFiles): Promise<FoundTemplate | undefined> {
  const folder = dirname(files.tokenizer);
  const configPath = join(folder, 'tokenizer_config.json');
  const config = parseConfig(configPath, await readIfThere(configPath));
  const specialTokens = specialTokensOf(config);
  if (files.path !== undefined) {
    const source = await readIfThere(files.path);
    if (source !== undefined) return { path: files.path, source, specialTokens };
    throw new PawlError('InvalidRequest', `data.chatTemplate: there is no file ${files.path}; correct the path.`);
  }
  const besidePath = join(folder, 'chat_template.jinja');
  const beside = await readIfThere(besidePath);
  if (beside !== undefined) return { path: besidePath, source: beside, specialTokens };
  const own = ownTemplate(config, 'default');
  const toolUse = ownTemplate(config, 'tool_use');
  if (own === undefined) return undefined;
  return { path: configPath, source: own, specialTokens, ...(typeof config.chat_template !== 'string' && { toolUse }) };
}

/** The same for a row that cannot do without: fails naming it, and the way out. */
export async function requireChatTemplate(
  files: ChatTemplateFiles,
  { place, remedy }: { place: string; remedy: string },
): Promise<ChatTemplate> {
  const loaded = await loadChatTemplate(files);
  if (loaded !== undefined) return loaded;
  throw new PawlError(
    'InvalidRequest',
    `${place}: messages need a chat template, and ${files.tokenizer} has none beside it; ${remedy}.`,
  );
}

function compile({ path, source, specialTokens, toolUse }: FoundTemplate, files: ChatTemplateFiles): ChatTemplate {
  const { date } = files;
  const shared = files.arguments ?? {};
  const template = parse(path, source);
  const withTools = toolUse === undefined ? template : parse(path, toolUse);
  requireReads(template, shared, 'data.chatTemplateArguments');
  return {
    hash: sha256(JSON.stringify([source, specialTokens, ...(toolUse === undefined ? [] : [toolUse])])),
    settings: JSON.stringify(shared),
    marksGenerations: template.marksGenerations,
    ...(date !== undefined && template.mentions('strftime_now') && { date }),
    open(conversation) {
      const own = conversation.tools === undefined ? template : withTools;
      requireUse(own, conversation);
      const { tools = null, documents = null, functions, kwargs } = conversation;
      const given = { ...specialTokens, ...shared, ...kwargs, tools, documents, ...(functions && { functions }) };
      const messages: TemplateMessages = templateMessages(conversation.messages);
      return {
        render: (count, { answer }) =>
          own.render({ ...given, messages: messages.slice(0, count), add_generation_prompt: answer }, { date }),
        unused: (count) => unusedOf(conversation.messages.slice(0, count), messages, own),
      };
    },
  };
}

function parse(path: string, source: string): JinjaTemplate {
  try {
    return jinja(source);
  } catch (cause) {
    throw new PawlError(
      'InvalidRequest',
      `${path}: not a chat template (${oneLine(cause)}); mend it, or set data.chatTemplate to another.`,
      { cause },
    );
  }
}

/** What the template never reads would be left out without a word. */
function requireUse(template: JinjaTemplate, { tools, documents, functions, kwargs = {} }: Conversation): void {
  for (const [name, value] of Object.entries({ tools, documents, functions })) {
    if (value !== undefined && !template.reads(name)) {
      const way = name === 'functions' ? 'write them as tools' : 'leave them out';
      throw new UnusedField(`${name}: the chat template has no place for ${name}; ${way}, or set data.chatTemplate`);
    }
  }
  requireReads(template, kwargs, 'chat_template_kwargs');
}

const OURS = ['messages', 'tools', 'documents', 'functions', 'add_generation_prompt'];

function requireReads(template: JinjaTemplate, variables: Readonly<Record<string, unknown>>, field: string): void {
  for (const name of Object.keys(variables)) {
    if (OURS.includes(name)) throw new UnusedField(`${field}.${name}: is what pawl gives the template; leave it out`);
    if (!template.reads(name)) {
      throw new UnusedField(`${field}.${name}: the chat template does not read ${name}; leave it out`);
    }
  }
}

/** Something of a row that its template would not use: named, rather than dropped. */
export class UnusedField extends Error {
  override readonly name = 'UnusedField';
}

function parseConfig(path: string, text: string | undefined): z.output<typeof Config> {
  if (text === undefined) return {};
  try {
    return Config.parse(JSON.parse(text));
  } catch (cause) {
    throw new PawlError(
      'InvalidRequest',
      `${path} is not a tokenizer_config.json: take the one that came with the tokenizer, or remove it.`,
      { cause },
    );
  }
}

/** Several templates have names; the one for plain conversations is `default`. */
function ownTemplate({ chat_template: own }: z.output<typeof Config>, wanted: string): string | undefined {
  if (typeof own === 'string') return own;
  return own?.find(({ name }) => name === wanted)?.template;
}

function specialTokensOf(config: Readonly<Record<string, unknown>>): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const [key, value] of Object.entries(config)) {
    const parsed = SpecialToken.safeParse(value);
    if (key.endsWith('_token') && parsed.success) tokens[key] = parsed.data;
  }
  return tokens;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new PawlError('InvalidRequest', `${path} cannot be read: change its permissions, or remove it.`, { cause });
  }
}

/** What a template or its parser said, fit for a message of one line. */
export function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim();
}
