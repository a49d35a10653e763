/**
 * The whole loop in one command: installs and builds what is missing, makes the data, and runs the example locally.
 * Further arguments go to `pawl run`.
 *
 *     npm run demo [-- --output json]
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureAll, root } from './ensure.mjs';

ensureAll();
// Imported only now: on a fresh clone its dependencies have just been installed.
const { prepare } = await import('../examples/pronounce/prepare.mjs');
prepare();

// In this process rather than in a child: signals, terminal and exit code are the CLI's own.
const cli = join(root, 'lib', 'client', 'cli', 'main.js');
const experiment = join(root, 'examples', 'pronounce.yaml');
process.argv = [process.execPath, cli, 'run', experiment, '--local', ...process.argv.slice(2)];
await import(pathToFileURL(cli).href);
