/**
 * What pawl costs, measured on this machine; builds what is stale first.
 *
 *     npm run bench -- overhead
 *     npm run bench -- sandbox
 */
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { ensureAll, root } from './ensure.mjs';

ensureAll();
const program = process.argv[2] === 'sandbox' ? 'sandbox.js' : 'main.js';
await import(pathToFileURL(join(root, 'lib', 'bench', program)).href);
