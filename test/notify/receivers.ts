/** A webhook's receiver and a mail server that are real, and do what a test wants of them. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';

export const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`;

interface Received {
  readonly id: string;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  /** What it was answered; 0: nothing. */
  readonly status: number;
}

interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** How a request is answered, by what came before it. */
export type Answer = (id: string, before: readonly Received[]) => Reply | 'never';

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** Whatever comes to `/signed` must verify, by the convention's own library, or it is answered 401. */
export async function openReceiver(answer: Answer = () => ({ status: 200 })): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const { headers, url = '' } = request;
      const id = String(headers['webhook-id'] ?? '');
      const reply = url.startsWith('/signed') && !verifies(body, headers) ? { status: 401 } : answer(id, received);
      received.push({ id, body, headers, status: reply === 'never' ? 0 : reply.status });
      if (reply !== 'never') response.writeHead(reply.status, reply.headers).end(reply.body);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function verifies(body: string, headers: IncomingHttpHeaders): boolean {
  try {
    new Webhook(SECRET).verify(body, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}

export interface MailServer {
  readonly url: string;
  /** Whole messages, as they came. */
  readonly mails: readonly string[];
  close(): Promise<void>;
}

/** Takes mail from whoever knows the password, and refuses the first so many. */
export async function openMailServer(password: string, refuse = 0): Promise<MailServer> {
  const mails: string[] = [];
  let refused = 0;
  const server = new SMTPServer({
    allowInsecureAuth: true,
    hideSTARTTLS: true,
    logger: false,
    onAuth: (auth, _session, callback) => {
      if (auth.password === password) callback(null, { user: 'pawl' });
      else callback(new Error(`wrong password ${auth.password ?? ''}`));
    },
    onData: (stream, _session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (refused++ < refuse) {
          callback(Object.assign(new Error('mailbox is busy'), { responseCode: 451 }));
          return;
        }
        mails.push(Buffer.concat(chunks).toString('utf8'));
        callback();
      });
    },
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://pawl:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    mails,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}
