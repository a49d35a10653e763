/** Escapes in a text of a template: those of Python's literals, with what is no escape left as it stands. */

const ESCAPE = /\\(?:\n|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{1,3}|[\s\S])/g;

const SIMPLE: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Undefined for escapes that are wrong in Python, or that name half a character. */
export function unescapeLiteral(text: string): string | undefined {
  let wrong = false;
  const unescaped = text.replace(ESCAPE, (escape) => {
    const code = codeOf(escape.slice(1));
    if (code === undefined) return SIMPLE[escape.slice(1)] ?? escape;
    if (Number.isNaN(code) || code > 0x10_ff_ff || (code >= 0xd8_00 && code <= 0xdf_ff)) {
      wrong = true;
      return '';
    }
    return String.fromCodePoint(code);
  });
  return wrong ? undefined : unescaped;
}

/** NaN for the beginning of an escape by number or by name that does not go on as it should. */
function codeOf(escape: string): number | undefined {
  if (/^[xuU]./.test(escape)) return Number.parseInt(escape.slice(1), 16);
  if (/^[0-7]/.test(escape)) return Number.parseInt(escape, 8);
  return /^[xuUN]$/.test(escape) ? Number.NaN : undefined;
}
