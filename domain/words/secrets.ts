/** Secrets taken out of text that came from outside, in every form in which a service quotes them. Pure. */

export type Redact = (text: string) => string;

/** What stands where a secret stood. */
const MARK = '[key]';

/** Shorter values are words: every place that holds them would be hidden, and nobody guesses them from there. */
const SHORTEST_SECRET = 8;

/**
 * Takes the given values out: as they are, whatever the case, in JSON, in URLs, and in base64 (basic authorization) at
 * whichever place in the encoded text. Values that are too short to be secrets are left alone. Linear in the text.
 */
export function redacting(secrets: Iterable<string>): Redact {
  const known = [...new Set(secrets)].filter((secret) => secret.length >= SHORTEST_SECRET);
  const encoded = known.flatMap((secret) => [0, 1, 2].flatMap((before) => bothAlphabets(base64Middle(secret, before))));
  const plain = known.flatMap(plainForms);
  return (text) => plain.reduce((clean, form) => clean.replace(form, MARK), encoded.reduce(withoutRuns, text));
}

/** The longest first, so that a form which holds another is taken out whole. */
function plainForms(secret: string): RegExp[] {
  const forms = new Set([secret, encodeURIComponent(secret), everyByte(secret), JSON.stringify(secret).slice(1, -1)]);
  return [...forms].sort((one, other) => other.length - one.length).map((form) => new RegExp(literal(form), 'gi'));
}

const BASE64 = /[\w+/=-]/;

/** The whole run of base64 goes: what stands beside the secret in it is part of the credentials. */
function withoutRuns(text: string, middle: string): string {
  let clean = '';
  let done = 0;
  for (let at = text.indexOf(middle); at !== -1; at = text.indexOf(middle, done)) {
    let from = at;
    while (from > done && BASE64.test(text.charAt(from - 1))) from--;
    let to = at + middle.length;
    while (to < text.length && BASE64.test(text.charAt(to))) to++;
    clean += text.slice(done, from) + MARK;
    done = to;
  }
  return clean + text.slice(done);
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** As a form encodes that leaves nothing as it is. */
function everyByte(text: string): string {
  return bytesOf(text)
    .map((byte) => `%${byte.toString(16).padStart(2, '0')}`)
    .join('');
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The characters of base64 that depend on nothing but the secret, where so many bytes stand before it. */
function base64Middle(secret: string, before: number): string {
  const bits = bytesOf(secret)
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('');
  const begin = (6 - ((before * 8) % 6)) % 6;
  let middle = '';
  for (let at = begin; at + 6 <= bits.length; at += 6)
    middle += ALPHABET[Number.parseInt(bits.slice(at, at + 6), 2)] ?? '';
  return middle;
}

/** Base64 and its form for URLs. */
function bothAlphabets(text: string): string[] {
  return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
}

/** UTF-8. */
function bytesOf(text: string): number[] {
  const escapes = encodeURIComponent(text).match(/%[0-9A-F]{2}|[^%]/g) ?? [];
  return escapes.map((part) => (part.length === 3 ? Number.parseInt(part.slice(1), 16) : part.charCodeAt(0)));
}
