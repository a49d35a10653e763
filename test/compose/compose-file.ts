/** Reads docker-compose.yml as Compose would: anchors merged, variables put in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { packageRoot } from '../../client/local/paths.ts';

const Service = z.looseObject({
  image: z.string(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  profiles: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.looseObject({ condition: z.string() })).default({}),
  healthcheck: z.looseObject({}).optional(),
  'x-no-healthcheck': z.string().optional(),
});

const ComposeFile = z.looseObject({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.unknown()),
});
export type ComposeFile = z.output<typeof ComposeFile>;

function composeText(): string {
  return readFileSync(join(packageRoot(), 'docker-compose.yml'), 'utf8');
}

/** The document as the schema sees it: anchors merged, variables as they are written. */
export function composeDocument(): unknown {
  return parse(composeText(), { merge: true });
}

/** The services as they are started with these variables. Fails, as Compose does, if one that must be set is not. */
export function composeFile(variables: Readonly<Record<string, string>>): ComposeFile {
  return ComposeFile.parse(interpolate(composeDocument(), variables));
}

/** Puts variables into every text of a document, once it is parsed: a value is never taken for YAML. */
function interpolate(node: unknown, variables: Readonly<Record<string, string>>): unknown {
  if (typeof node === 'string') return interpolateText(node, variables);
  if (Array.isArray(node)) return node.map((item) => interpolate(item, variables));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, interpolate(value, variables)]));
}

/** `${NAME:-default}` and `${NAME:?message}`, the two forms that the file uses; an empty variable is an unset one. */
function interpolateText(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{([A-Z_]+)(:[-?])([^}]*)\}/g, (_match, name: string, kind: string, rest: string) => {
    const value = variables[name] ?? '';
    if (value !== '') return value;
    if (kind === ':?') throw new Error(`required variable ${name} is missing a value: ${rest}`);
    return rest;
  });
}
