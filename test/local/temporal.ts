/** The Temporal server that pawl starts for its users, in a test's folder. */
import { join } from 'node:path';
import { resolveTemporalBinary } from '../../client/local/temporal-binary.ts';
import { startTemporal, type TemporalServer } from '../../client/local/temporal-server.ts';
import { testConfig } from './support.ts';

export async function temporalIn(folder: string): Promise<TemporalServer> {
  const config = testConfig(folder);
  const { path } = await resolveTemporalBinary({ cache: config.cache, env: config.inherited });
  return startTemporal({
    binary: path,
    dbFile: join(folder, 'temporal.db'),
    logFile: join(folder, 'temporal.log'),
    namespace: 'default',
    env: config.inherited,
    port: 'any',
    uiPort: 'any',
  });
}
