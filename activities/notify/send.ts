/** Sends one message by a channel, once; says how it went, without a word that is secret. */
import { Webhook } from 'standardwebhooks';
import { fromOutside } from '../../domain/words/outside-text.ts';
import type { Channels } from './channels.ts';
import { runCommand } from './command.ts';
import { mail } from './email.ts';
import { jsonOf, slackOf, type Message } from './message.ts';
import { post } from './post.ts';
import type { Sent } from './sent.ts';

export async function send(channels: Channels, name: string, message: Message, signal: AbortSignal): Promise<Sent> {
  const problem = channels.problemOf(name);
  const sent: Sent = problem === undefined ? await by(channels, name, message, signal) : { kind: 'failed', problem };
  return sent.kind === 'sent' ? sent : { ...sent, problem: fromOutside(sent.problem, channels.redact, 300) };
}

async function by(channels: Channels, name: string, message: Message, signal: AbortSignal): Promise<Sent> {
  const channel = channels.find(name);
  if (channel === undefined) return { kind: 'failed', problem: `there is no channel ${name} in notify.yaml` };
  if (channel.kind === 'email') return mail(channel, channels.value(channel.smtp), message);
  if (channel.kind === 'command') return runCommand(channel.command, message, signal);
  const url = channels.value(channel.url);
  if (channel.kind === 'slack') return post(url, { headers: {}, body: slackOf(message), signal });
  const body = jsonOf(message);
  const headers = signed(channels.value(channel.secret), message.announcement.id, body);
  return post(url, { headers, body, signal });
}

/** Of this attempt: receivers refuse what was signed long ago. */
function signed(secret: string, id: string, body: string): Record<string, string> {
  const at = new Date();
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
}
