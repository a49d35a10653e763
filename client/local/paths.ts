/** Where pawl's own built programs are, whether this file runs from its source or compiled. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.ts';

/** Folder of pawl's package.json. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new UserError('pawl’s package.json is missing.', 'Install pawl again.');
    folder = parent;
  }
  return folder;
}

/** Path of a compiled program, named as in the source tree without its ending: `worker/main`. */
export function builtProgram(name: string): string {
  const path = join(packageRoot(), 'lib', `${name}.js`);
  if (!existsSync(path)) throw new UserError(`${path} is missing: pawl is not built.`, 'Run: npm run build');
  return path;
}
