/** Whether a Temporal server answers, and knows the namespace. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isListening, LOOPBACK } from './ports.ts';

const POLL_MS = 25;

/** One bounded attempt; nothing is left open. */
export async function isTemporalReachable(address: string, namespace: string, timeoutMs = 2_000): Promise<boolean> {
  return (await whyUnreachable(address, namespace, timeoutMs)) === undefined;
}

/** Nothing if the server answers and knows the namespace, else the reason why not. */
export async function whyUnreachable(
  address: string,
  namespace: string,
  timeoutMs: number,
): Promise<string | undefined> {
  // Read when a server is asked, and not by who only asks the store.
  const { Connection } = await import('../temporal/sdk.ts');
  const connection = Connection.lazy({ address, connectTimeout: timeoutMs });
  try {
    await connection.withDeadline(Date.now() + timeoutMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await connection.close();
  }
}

/** Resolves as soon as the server on this machine answers for the namespace; rejects when the signal aborts. */
export async function temporalReady(port: number, namespace: string, signal: AbortSignal): Promise<void> {
  // gRPC waits a second after a refused connection; asking the port first does not.
  while (!(await isListening(LOOPBACK, port))) await sleep(POLL_MS, undefined, { signal });
  while (!(await isTemporalReachable(`${LOOPBACK}:${port}`, namespace))) await sleep(POLL_MS, undefined, { signal });
}
