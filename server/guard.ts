/** Who may be spoken to: only by its own names (DNS rebinding), and from no page of anybody else's (CSRF). */
import { isIP } from 'node:net';
import { Problem } from './problem.ts';

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** Names that a `Host` header may bear; the port is not looked at, as a proxy may listen on another. */
export function ownNames(address: string, further: readonly string[]): ReadonlySet<string> {
  const literal = isIP(address) === 6 ? [`[${address}]`] : isIP(address) === 4 ? [address] : [];
  return new Set([...LOOPBACK_NAMES, ...literal, ...further].map((name) => name.toLowerCase()));
}

interface Headers {
  readonly host?: string | undefined;
  readonly origin?: string | string[] | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

export function guard({ host, origin, ...rest }: Headers, names: ReadonlySet<string>, changes: boolean): void {
  const name = host === undefined ? '' : hostname(host);
  if (!names.has(name)) {
    throw new Problem('misdirected', {
      detail: `This server is not known as "${name}".`,
      remedy: 'Ask it by its address, or tell it its name: pawl serve --name NAME.',
    });
  }
  if (origin !== undefined && !isOwn(String(origin), host)) {
    throw new Problem('forbidden', { detail: `A page of ${String(origin)} may not ask this server.` });
  }
  const site = rest['sec-fetch-site'];
  if (changes && site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new Problem('forbidden', { detail: 'A page of another site may not change anything here.' });
  }
}

function hostname(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '');
}

/** The scheme is not looked at: before a proxy it may be another one. */
function isOwn(origin: string, host: string | undefined): boolean {
  try {
    return new URL(origin).host === host?.toLowerCase();
  } catch {
    return false;
  }
}
