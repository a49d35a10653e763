/** A message by SMTP. The same event has the same Message-ID, by which mail programs know it again. */
import { createTransport } from 'nodemailer';
import type { Channel } from '../../domain/spec/channels-spec.ts';
import { lineOf, plainOf, type Message } from './message.ts';
import type { Sent } from './sent.ts';

const TIMEOUT_MS = 20_000;

export async function mail(
  { from, to }: Extract<Channel, { kind: 'email' }>,
  server: string,
  message: Message,
): Promise<Sent> {
  const transport = createTransport({
    url: server,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const { announcement, report } = message;
  try {
    await transport.sendMail({
      from,
      to: [...to],
      subject: lineOf(message).slice(0, 200),
      text: plainOf(message),
      messageId: `<${Buffer.from(announcement.id).toString('hex')}@pawl>`,
      date: new Date(announcement.at),
      headers: { 'X-Pawl-Event': announcement.id },
      ...(report !== undefined && {
        attachments: [{ filename: report.name, content: report.html, contentType: 'text/html; charset=utf-8' }],
      }),
    });
    return { kind: 'sent' };
  } catch (error) {
    return { kind: 'failed', problem: problemOf(error) };
  } finally {
    transport.close();
  }
}

/** What the server said, if it did; else which part of it failed. */
function problemOf(error: unknown): string {
  const { code, response, message } = error as { code?: unknown; response?: unknown; message?: unknown };
  if (typeof response === 'string') return `the mail server answered: ${response}`;
  return `the mail server cannot be used (${typeof code === 'string' ? code : String(message)})`;
}
