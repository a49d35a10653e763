/**
 * The last part of `npm run build`: puts each program that people and supervisors start into one file, in the place of the
 * compiled one, and what it may do without, which it imports only when it comes to it, into files beside it. A command that
 * reads nine hundred files before its first line takes more than a second for that alone.
 *
 *     node scripts/bundle-programs.mjs
 */
import { build } from 'esbuild';
import { readFile, readdir, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const lib = fileURLToPath(new URL('../lib', import.meta.url));

/** Native code, and what looks for its own files beside itself. */
const NATIVE = ['libsql', '@temporalio/core-bridge', '@temporalio/worker', '@temporalio/testing', 'piscina'];
/** A worker hands its activities a context through modules that it loads itself: there must be one of each. */
const TEMPORAL = ['@temporalio/*'];

const PROGRAMS = [
  { program: 'client/cli/program', external: NATIVE },
  { program: 'server/main', external: NATIVE },
  { program: 'worker/main', external: [...NATIVE, ...TEMPORAL] },
  { program: 'worker/check', external: [...NATIVE, ...TEMPORAL] },
  { program: 'activities/compute/thread', external: NATIVE },
  { program: 'sandbox/main', external: NATIVE },
  { program: 'sandbox/trainer/process', external: NATIVE },
  { program: 'sandbox/serving/replica-process', external: NATIVE },
];

/** A module that looks for a file beside itself finds it from where the bundle is. */
function besideItself(folder) {
  return {
    name: 'beside-itself',
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, async ({ path }) => {
        if (!path.startsWith(lib + sep)) return undefined;
        const source = await readFile(path, 'utf8');
        const place = relative(folder, path).split(sep).join('/');
        return { contents: source.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`) };
      });
    },
  };
}

const PART = /^part-\w+\.js(\.map)?$/;

// Their names say what is in them: those of earlier builds would stay.
for (const folder of new Set(PROGRAMS.map(({ program }) => dirname(join(lib, program))))) {
  for (const name of await readdir(folder)) if (PART.test(name)) await rm(join(folder, name));
}

for (const { program, external } of PROGRAMS) {
  const file = join(lib, `${program}.js`);
  await build({
    entryPoints: [file],
    outdir: dirname(file),
    splitting: true,
    chunkNames: 'part-[hash]',
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external,
    plugins: [besideItself(dirname(file))],
    // What is CommonJS inside the bundle asks for its built-in modules so.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    legalComments: 'none',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  });
}
