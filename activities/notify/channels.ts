/** The channels as a worker has them: what notify.yaml says, with the values that its environment gives. */
import { variablesOf, type Channel, type ChannelsFile } from '../../domain/spec/channels-spec.ts';
import type { NotifySpec } from '../../domain/spec/notify-spec.ts';
import type { ChannelState } from '../../domain/words/notify.ts';
import { PawlError } from '../../domain/words/failures-of-calls.ts';
import { redacting, type Redact } from '../../domain/words/secrets.ts';

export interface Channels {
  /** For whatever names nobody itself. */
  readonly defaults: NotifySpec;
  /** All of them, and what is wrong with each. */
  readonly states: readonly ChannelState[];
  /** Undefined: there is none of this name. */
  find(name: string): Channel | undefined;
  /** Why nothing can go by it, and what to do about it; undefined: it can. */
  problemOf(name: string): string | undefined;
  /** Of a variable that a channel names and that is set. */
  value(variable: string): string;
  readonly redact: Redact;
}

interface Given {
  readonly file: ChannelsFile;
  /** Variables that begin with PAWL_NOTIFY_. */
  readonly secrets: ReadonlyMap<string, string>;
  /** The operator allows programs to be run: they run as the worker. */
  readonly commands: boolean;
}

const NO_COMMANDS = 'programs are not run unless PAWL_NOTIFY_COMMANDS=allow is set where workers run';

export function openChannels({ file, secrets, commands }: Given): Channels {
  const { channels, default: defaults } = file;
  const find = (name: string): Channel | undefined => (Object.hasOwn(channels, name) ? channels[name] : undefined);

  const problemOf = (name: string): string | undefined => {
    const channel = find(name);
    if (channel === undefined)
      return `there is no channel ${name} in notify.yaml: add it there, and restart the workers`;
    if (channel.kind === 'command') return commands ? undefined : NO_COMMANDS;
    const missing = variablesOf(channel).filter((variable) => !secrets.has(variable));
    if (missing.length > 0) {
      return `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set where workers run: set it, and restart them`;
    }
    const wrong = variablesOf(channel).find((variable) => !fits(channel, variable, secrets.get(variable) ?? ''));
    return wrong === undefined
      ? undefined
      : `${wrong} is not ${FORMS[channel.kind]}: correct it, and restart the workers`;
  };

  return {
    defaults,
    states: Object.entries(channels).map(([name, { kind }]) => {
      const problem = problemOf(name);
      return { name, kind, ...(problem !== undefined && { problem }) };
    }),
    find,
    problemOf,
    value: (variable) => secrets.get(variable) ?? '',
    redact: redacting(partsOf(secrets.values())),
  };
}

/** Whoever names a channel that cannot be used would wait for a word that never comes. */
export function requireChannels(channels: Pick<Channels, 'problemOf'>, notify: NotifySpec | undefined): void {
  for (const name of notify?.channels ?? []) {
    const problem = channels.problemOf(name);
    if (problem !== undefined) throw new PawlError('InvalidRequest', `notify.channels: ${problem}`);
  }
}

const FORMS = {
  webhook: 'what it must be (an http(s) URL, or a secret: whsec_ and base64 of 24 bytes or more)',
  slack: 'an http(s) URL',
  email: 'an smtp:// or smtps:// URL',
} as const;

const SECRET = /^(whsec_)?[A-Za-z0-9+/]{32,}={0,2}$/;

function fits(channel: Channel, variable: string, value: string): boolean {
  if (channel.kind === 'webhook' && variable === channel.secret) return SECRET.test(value);
  const schemes = channel.kind === 'email' ? ['smtp:', 'smtps:'] : ['http:', 'https:'];
  return URL.canParse(value) && schemes.includes(new URL(value).protocol);
}

/** A server quotes a path or a password by itself, without the URL around it. */
function* partsOf(values: Iterable<string>): Iterable<string> {
  for (const value of values) {
    yield value;
    yield value.replace(/^whsec_/, '');
    if (!URL.canParse(value)) continue;
    const { password, pathname, search } = new URL(value);
    yield decodeURIComponent(password);
    yield pathname.slice(1);
    yield search.slice(1);
  }
}
