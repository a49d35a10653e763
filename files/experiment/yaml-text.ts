/** A YAML file as text and as a document: what it must not be is said in a sentence each, with its place. */
import { isAlias, isMap, isNode, isScalar, LineCounter, parseAllDocuments, visit, type Document } from 'yaml';

/** A fault with its place: `line:column`, or the file as a whole. */
export interface YamlFault {
  readonly at?: string;
  readonly message: string;
}

export type ReadYaml =
  { readonly document: Document; readonly lines: LineCounter } | { readonly faults: readonly YamlFault[] };

/** UTF-8 only: what is no text has no lines to complain about. */
export function decodeYaml(bytes: Uint8Array): { text: string } | { faults: readonly YamlFault[] } {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { faults: [{ message: 'is UTF-16. Save it as UTF-8' }] };
  }
  const binary = { faults: [{ message: 'is no text file. Name a YAML file' }] };
  if (bytes.includes(0)) return binary;
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return binary;
  }
}

export function parseYamlText(text: string): ReadYaml {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  if (!Array.isArray(documents)) return { faults: [{ message: EMPTY }] };
  const [document, next] = documents as Document.Parsed[];
  if (document === undefined) return { faults: [{ message: EMPTY }] };
  if (next !== undefined) {
    const message = 'a second YAML document begins here. An experiment is one: write the other into a file of its own';
    return { faults: [{ at: placeOf(lines, next.range[0]), message }] };
  }
  const faults = syntaxFaults(document, lines);
  if (faults.length > 0) return { faults };
  if (!isMap(document.contents)) {
    const found = document.contents === null ? EMPTY : 'holds no "key: value" lines';
    return { faults: [{ message: found === EMPTY ? EMPTY : `${found}. ${START}` }] };
  }
  const strange = strangers(document, lines);
  return strange.length > 0 ? { faults: strange } : { document, lines };
}

const START = 'Start from a file in examples/; "name:" comes first';
const EMPTY = `is empty. ${START}`;

/** What a tab makes of the lines after it. */
const OF_INDENTATION = new Set(['BLOCK_AS_IMPLICIT_KEY', 'MULTILINE_IMPLICIT_KEY']);

/** One for each line, and one for all tabs: the library tells the same tab in several ways. */
function syntaxFaults({ errors }: Pick<Document, 'errors'>, lines: LineCounter): YamlFault[] {
  const TAB = 'TAB_AS_INDENT';
  const tabbed = errors.some(({ code }) => code === TAB);
  const ordered = errors
    .filter(({ code }) => !tabbed || !OF_INDENTATION.has(code))
    .toSorted((one, other) => Number(other.code === TAB) - Number(one.code === TAB));
  const faults = new Map<number, YamlFault & { tab: boolean }>();
  for (const { code, message, pos } of ordered) {
    const { line, col } = lines.linePos(pos[0]);
    const tab = code === TAB;
    if (faults.has(line) || (tab && faults.size > 0)) continue;
    faults.set(line, { at: `${line}:${col}`, message: `not valid YAML: ${message}. Correct this line`, tab });
  }
  return [...faults]
    .sort(([one], [other]) => one - other)
    .map(([, { at, message }]) => ({ ...(at && { at }), message }));
}

/** What the library reads and an experiment has no place for: it would be dropped, or become something else. */
function strangers(document: Document, lines: LineCounter): YamlFault[] {
  const faults: YamlFault[] = [];
  const blame = (node: unknown, message: string): void => {
    const offset = isNode(node) ? node.range?.[0] : undefined;
    faults.push({ ...(offset !== undefined && { at: placeOf(lines, offset) }), message });
  };
  visit(document, {
    Node(_, node) {
      if (isAlias(node) || node.tag === undefined || PLAIN_TAGS.has(node.tag)) return;
      blame(node, tagFault(node.tag));
    },
    Scalar(_, node) {
      const { value } = node;
      if (typeof value === 'number' && !Number.isFinite(value)) blame(node, numberFault(value));
    },
    Pair(_, { key }) {
      const name = isScalar(key) ? key.value : key;
      if (name === '__proto__') blame(key, 'no field or suite can have the name __proto__. Choose another');
    },
  });
  for (const { code, message, pos } of document.warnings) {
    if (code !== 'TAG_RESOLVE_FAILED') continue;
    faults.push({ at: placeOf(lines, pos[0]), message: tagFault(message.replace(/^Unresolved tag: /, '')) });
  }
  return faults;
}

function tagFault(tag: string): string {
  return `the tag ${tag.replace('tag:yaml.org,2002:', '!!')} means nothing here. Write plain sections, lists, text and numbers`;
}

function numberFault(value: number): string {
  const what = Number.isNaN(value) ? 'NaN is no number' : 'too large for a number, or infinite';
  return `${what}. Write a finite one`;
}

const PLAIN_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

function placeOf(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${line}:${col}`;
}
