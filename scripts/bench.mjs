/**
 * What pawl costs, measured on this machine; builds what is stale first.
 *
 *     npm run bench -- overhead
 */
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { ensureAll, root } from './ensure.mjs';

ensureAll();
await import(pathToFileURL(join(root, 'lib', 'bench', 'main.js')).href);
