/** notify.yaml: the ways by which people are told, for the whole service. It names variables, and holds nothing secret. */
import { z } from 'zod';
import { NotifySpec } from './notify-spec.ts';

const variable = z
  .string()
  .regex(
    /^PAWL_NOTIFY_[A-Z0-9_]+$/,
    'name a variable of the workers’ environment that begins with PAWL_NOTIFY_; its value is not written here',
  );
const address = z.string().regex(/^[^\s@<>]+@[^\s@<>]+$/, 'write an address, e.g. me@example.com');

const Channel = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      kind: z.literal('webhook'),
      url: variable.describe('variable that holds the URL'),
      secret: variable.describe('variable that holds the signing secret: whsec_ and base64'),
    }),
    z.strictObject({ kind: z.literal('slack'), url: variable.describe('variable that holds the URL of the webhook') }),
    z.strictObject({
      kind: z.literal('email'),
      smtp: variable.describe('variable that holds the server: smtps://user:password@host'),
      from: address,
      to: z.array(address).min(1).max(50),
    }),
    z.strictObject({
      kind: z.literal('command'),
      command: z.array(z.string().min(1)).min(1).describe('a program and its arguments; no shell'),
    }),
  ],
  { error: 'kind must be webhook, slack, email or command' },
);
export type Channel = z.output<typeof Channel>;

export const ChannelsFile = z
  .strictObject({
    channels: z.record(
      z.string().regex(/^[a-z0-9]([a-z0-9-]{0,29}[a-z0-9])?$/, 'use 1 to 31 lower-case letters, digits and hyphens'),
      Channel,
    ),
    default: NotifySpec.default({ channels: [] }).describe('for whatever names nobody itself'),
  })
  .superRefine((file, context) => {
    for (const [index, name] of file.default.channels.entries()) {
      if (name in file.channels) continue;
      const message = `there is no channel ${name} under channels. Add it, or leave the name out`;
      context.addIssue({ code: 'custom', path: ['default', 'channels', index], message });
    }
  });
export type ChannelsFile = z.output<typeof ChannelsFile>;

/** The variables that a channel cannot do without. */
export function variablesOf(channel: Channel): readonly string[] {
  if (channel.kind === 'webhook') return [channel.url, channel.secret];
  if (channel.kind === 'slack') return [channel.url];
  return channel.kind === 'email' ? [channel.smtp] : [];
}
