/**
 * Proof that a disturbed run ends as an undisturbed one does; builds what is stale first.
 *
 *     npm run chaos -- --seed 1 --kills 20
 */
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { ensureAll, root } from './ensure.mjs';

ensureAll();
await import(pathToFileURL(join(root, 'lib', 'chaos', 'main.js')).href);
