/** One POST to a channel's address: bounded in time and size, redirects not followed, nothing of the address in errors. */
import { request as send } from 'undici';
import { readBounded } from '../http/bounded-body.ts';
import { createDeadline } from '../http/deadline.ts';
import type { Sent } from './sent.ts';

const TIMEOUT_MS = 15_000;

/** Enough for a word of why not. */
const MAX_BYTES = 16_384;

export async function post(
  url: string,
  { headers, body, signal }: { headers: Record<string, string>; body: string; signal: AbortSignal },
): Promise<Sent> {
  const deadline = createDeadline(signal, TIMEOUT_MS);
  try {
    const response = await send(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'pawl', ...headers },
      body,
      signal: deadline.signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const { statusCode: status } = response;
    if (status >= 200 && status <= 299) {
      response.body.on('error', () => undefined).destroy();
      return { kind: 'sent' };
    }
    if (status >= 300 && status <= 399) {
      response.body.on('error', () => undefined).destroy();
      return { kind: 'failed', problem: `it redirects (${status}), which is not followed: give the address itself` };
    }
    // Only its beginning is told, and a body that cannot be read says nothing.
    const said = await readBounded(response.body, one(response.headers['content-encoding']), MAX_BYTES).catch(() => '');
    const problem = `it answered ${status}${said.length === 0 ? '' : `: ${said.toString('utf8')}`}`;
    // Whoever says Gone wants nothing more of it, as Standard Webhooks has it.
    if (status === 410) return { kind: 'refused', problem };
    return { kind: 'failed', problem, hintMs: hintOf(response.headers['retry-after']) };
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.expired()) return { kind: 'failed', problem: `it gave no answer within ${TIMEOUT_MS / 1_000} s` };
    return { kind: 'failed', problem: `it cannot be reached (${codeOf(error)})` };
  } finally {
    deadline.clear();
  }
}

/** A message would tell the address. */
function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'no connection';
}

function hintOf(header: string | string[] | undefined): number {
  const seconds = Number(one(header) ?? 0);
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1_000) : 0;
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
