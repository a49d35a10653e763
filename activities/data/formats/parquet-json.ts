/** Values of a Parquet file as JSON by their schema: a column of floats has 1.0, whatever its numbers look like. */
import type { SchemaTree } from 'hyparquet';

type Write = (value: unknown) => string;

export function jsonWriter(schema: SchemaTree): Write {
  return nullable(structOf(schema));
}

function writerOf(node: SchemaTree): Write {
  const { element, children } = node;
  const write = children.length === 0 ? leafOf(node) : groupOf(node);
  return element.repetition_type === 'REPEATED' ? nullable(listOf(nullable(write))) : nullable(write);
}

/** Lists and maps are groups of a customary form. */
function groupOf(node: SchemaTree): Write {
  const { converted_type: kind } = node.element;
  const [repeated] = node.children;
  if (kind === 'LIST' && repeated !== undefined) {
    const [item] = repeated.children;
    // Older files repeat the element itself.
    const customary = item !== undefined && repeated.children.length === 1;
    return listOf(customary ? writerOf(item) : nullable(customary ? writerOf(repeated) : ownOf(repeated)));
  }
  const value = repeated?.children[1];
  if ((kind === 'MAP' || kind === 'MAP_KEY_VALUE') && value !== undefined) return mapOf(writerOf(value));
  return structOf(node);
}

function ownOf(node: SchemaTree): Write {
  return node.children.length === 0 ? leafOf(node) : structOf(node);
}

function structOf({ children }: SchemaTree): Write {
  const fields = children.map((child) => ({ name: child.element.name, write: writerOf(child) }));
  return (value) => {
    const row = value as Record<string, unknown>;
    return `{${fields.map(({ name, write }) => `${JSON.stringify(name)}: ${write(row[name])}`).join(', ')}}`;
  };
}

function mapOf(write: Write): Write {
  return (value) => {
    const entries = Object.entries(value as object);
    return `{${entries.map(([key, one]) => `${JSON.stringify(key)}: ${write(one)}`).join(', ')}}`;
  };
}

function listOf(write: Write): Write {
  return (value) => `[${[...(value as Iterable<unknown>)].map(write).join(', ')}]`;
}

function leafOf({ element }: SchemaTree): Write {
  const floats = ['FLOAT', 'DOUBLE'].includes(element.type ?? '') || element.logical_type?.type === 'FLOAT16';
  return floats || element.converted_type === 'DECIMAL' ? float : plain;
}

function float(value: unknown): string {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new TypeError(`${String(value)} is no number of JSON`);
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
}

function plain(value: unknown): string {
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}

function nullable(write: Write): Write {
  return (value) => (value === null || value === undefined ? 'null' : write(value));
}
