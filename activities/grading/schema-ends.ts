/** Whether trying a JSON schema ends: one that refers to itself without looking deeper into the value never does. Pure. */

type Node = Readonly<Record<string, unknown>>;

/** Keywords whose schemas look at the same value again, not at a part of it. */
const SAME_VALUE = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'];
/** The same, with a schema for each name. */
const SAME_VALUE_BY_NAME = ['dependentSchemas', 'dependencies'];
const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef'];
/** Values, not schemas. */
const VALUES = new Set(['const', 'enum', 'default', 'examples']);

/** The reference that leads back to where it stands; undefined where there is none. */
export function endlessReference(schema: unknown): string | undefined {
  const nodes = new Set<Node>();
  const names = new Map<string, Node>();
  collect(schema, nodes, names);
  const ended = new Set<Node>();
  const entered = new Set<Node>();

  const search = (node: Node): string | undefined => {
    if (ended.has(node)) return undefined;
    entered.add(node);
    for (const { next, by } of onward(node)) {
      const found = entered.has(next) ? by : search(next);
      if (found !== undefined) return found;
    }
    entered.delete(node);
    ended.add(node);
    return undefined;
  };

  function onward(node: Node): { next: Node; by: string }[] {
    const referred = REFERENCES.flatMap((keyword) => {
      const by = node[keyword];
      const next = typeof by === 'string' ? resolve(by) : undefined;
      return next === undefined ? [] : [{ next, by: String(by) }];
    });
    const nested = SAME_VALUE.flatMap((keyword) => schemasOf(node[keyword]).map((next) => ({ next, by: keyword })));
    const named = SAME_VALUE_BY_NAME.flatMap((keyword) =>
      Object.values(asNode(node[keyword]) ?? {}).flatMap((one) =>
        schemasOf(one).map((next) => ({ next, by: keyword })),
      ),
    );
    return [...referred, ...nested, ...named];
  }

  /** Within the document: by pointer, anchor or `$id`. */
  function resolve(reference: string): Node | undefined {
    if (reference === '#' || reference === '') return asNode(schema);
    if (!reference.startsWith('#/')) return names.get(reference.replace(/#$/, ''));
    let at: unknown = schema;
    for (const step of reference.slice(2).split('/')) at = asRecord(at)?.[unescaped(step)];
    return asNode(at);
  }

  for (const node of nodes) {
    const found = search(node);
    if (found !== undefined) return found;
  }
  return undefined;
}

function collect(value: unknown, nodes: Set<Node>, names: Map<string, Node>): void {
  if (Array.isArray(value)) {
    for (const one of value) collect(one, nodes, names);
    return;
  }
  const node = asNode(value);
  if (node === undefined) return;
  nodes.add(node);
  if (typeof node['$id'] === 'string') names.set(node['$id'].replace(/#$/, ''), node);
  for (const keyword of ['$anchor', '$dynamicAnchor']) {
    if (typeof node[keyword] === 'string') names.set(`#${node[keyword]}`, node);
  }
  for (const [keyword, child] of Object.entries(node)) if (!VALUES.has(keyword)) collect(child, nodes, names);
}

/** Of a keyword: one schema, or several. */
function schemasOf(value: unknown): Node[] {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.flatMap((one): Node[] => {
    const node = asNode(one);
    return node === undefined ? [] : [node];
  });
}

function asNode(value: unknown): Node | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Node) : undefined;
}

/** Pointers lead through lists too. */
function asRecord(value: unknown): Node | undefined {
  return typeof value === 'object' && value !== null ? (value as Node) : undefined;
}

function unescaped(step: string): string {
  return decode(step).replaceAll('~1', '/').replaceAll('~0', '~');
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
