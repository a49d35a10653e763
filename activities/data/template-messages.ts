/** Messages as a template sees them: as transformers hands them over, and watched, so that nothing is dropped silently. */
import { fromJson, type Value } from './jinja/values.ts';
import type { JinjaTemplate } from './jinja/template.ts';
import { WatchedDict } from './jinja/watched.ts';
import type { Message } from './messages.ts';

export type TemplateMessages = readonly WatchedDict<Value, Value>[];

/** The names that reasoning goes by; a template reads one of them, and is given all that it could read. */
const REASONING = ['reasoning_content', 'thinking', 'reasoning'];

/** What does no harm where it is left out: it ties calls to their answers, and carries nothing to learn. */
const TIES = new Set(['role', 'id', 'tool_call_id']);

export function templateMessages(messages: readonly Message[]): TemplateMessages {
  return messages.map((message) => {
    const fields = Object.entries(message);
    const reasoning = REASONING.map((name) => message[name]).find((value) => value !== undefined);
    const all =
      reasoning === undefined
        ? fields
        : [...new Map([['thinking', reasoning], ...fields, ['reasoning_content', reasoning]])];
    return new WatchedDict(all.map(([name, value]) => [name, fromJson(value)]));
  });
}

/** A field of a message with something in it that the template did not look at. */
export function unusedOf(
  messages: readonly Message[],
  seen: TemplateMessages,
  template: JinjaTemplate,
): string | undefined {
  for (const [index, message] of messages.entries()) {
    const use = { read: seen[index]?.read ?? new Set<Value>(), role: message.role, template };
    const name = Object.keys(message).find((field) => !isEmpty(message[field]) && !isUsed(field, use));
    if (name !== undefined) return `messages.${index}.${name}`;
  }
  return undefined;
}

interface Use {
  readonly read: ReadonlySet<Value>;
  readonly role: string;
  readonly template: JinjaTemplate;
}

function isUsed(field: string, { read, role, template }: Use): boolean {
  if (read.has(field) || TIES.has(field)) return true;
  if (field === 'name') return role === 'tool' || role === 'function';
  // A template that knows reasoning leaves it out of earlier turns on purpose.
  return REASONING.includes(field) && REASONING.some((name) => read.has(name) || template.mentions(name));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  if (value instanceof Map) return value.size === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
