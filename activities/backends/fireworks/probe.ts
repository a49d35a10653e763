/** The smallest question to a deployment: does it answer at all? */
import { endpoint } from './call.ts';
import { deploymentName, type Wire } from './wire.ts';

/** A hot-load deployment may stay in creation for ever while it serves: only an answer tells. */
export async function answersProbe(
  { settings, http, account }: Wire,
  id: string,
  signal: AbortSignal,
): Promise<boolean> {
  const model = deploymentName(await account(signal), id);
  return http.succeeds(
    {
      service: 'inference',
      method: 'POST',
      url: endpoint(settings.urls.inference, 'inference/v1/completions'),
      body: JSON.stringify({ model, prompt: [1, 2], max_tokens: 4, temperature: 0 }),
      timeout: settings.timeouts.probe,
      retry: settings.retries.none,
    },
    signal,
  );
}
