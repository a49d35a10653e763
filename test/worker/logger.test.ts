import { expect, test } from '@jest/globals';
import { runModule } from '../local/support.ts';

test('an error in a log line comes with its message, its stack and what is behind it', async () => {
  const { process, line } = await runModule(`
    import { Runtime } from '@temporalio/worker';
    import { installLogger, openLogger } from './lib/worker/logger.js';
    installLogger(openLogger('info', 1));
    const error = new Error('the outer one', { cause: new TypeError('the inner one') });
    Runtime.instance().logger.error('it failed', { error, workflowId: 'run-1' });
    process.exit(0);
  `);
  process.kill();
  const logged = JSON.parse(line) as { msg: string; error: Record<string, unknown> };
  expect(logged).toMatchObject({ msg: 'it failed', workflowId: 'run-1', error: { type: 'Error' } });
  expect(logged.error['message']).toContain('the outer one');
  expect(JSON.stringify(logged.error)).toContain('the inner one');
  expect(logged.error['stack']).toContain(' at ');
});
