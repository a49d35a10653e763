/** Bytes of a line as text: what is no text, or not whole, is refused with its column and what it seems to be. */
import { isUtf8 } from 'node:buffer';
import { PawlError } from '../../domain/words/failures-of-calls.ts';

/** The line's text. Other encodings would be read as question marks, and trained on. */
export function textOf(line: Buffer, place: string): string {
  const text = line.toString('utf8');
  if (!isUtf8(line)) {
    const again = Buffer.from(text);
    const at = line.findIndex((byte, index) => byte !== again[index]);
    const column = line.subarray(0, at).toString('utf8').length + 1;
    const byte = (line[at] ?? 0).toString(16).padStart(2, '0');
    throw refused(`${place}:${column}`, `not UTF-8 (byte 0x${byte}): the file seems to be ${seemsToBe(line)}`);
  }
  requireWhole(text, place);
  return text;
}

const iconv = (name: string): string => `iconv -f ${name} -t UTF-8 makes it UTF-8`;

/** What a line that is not UTF-8 seems to be written in, and the way out. */
function seemsToBe(line: Buffer): string {
  const magic = line.subarray(0, 4).toString('latin1');
  if (magic.startsWith('\xff\xfe') || magic.startsWith('\xfe\xff')) return `UTF-16; ${iconv('UTF-16')}`;
  if (hasRunsOfHighBytes(line)) {
    return `in an East Asian encoding (${iconv('GB18030')}, or -f SHIFT_JIS, -f EUC-KR, whichever reads right)`;
  }
  const windows = line.some((byte) => byte >= 0x80 && byte <= 0x9f);
  return windows ? `Windows-1252; ${iconv('WINDOWS-1252')}` : `Latin-1; ${iconv('ISO-8859-1')}`;
}

/** In Latin-1 letters with accents stand among plain ones; characters of two bytes come in rows. */
function hasRunsOfHighBytes(line: Buffer): boolean {
  let run = 0;
  for (const byte of line) {
    run = byte >= 0x80 ? run + 1 : 0;
    if (run === 4) return true;
  }
  return false;
}

/** An escape, or half of a character by its escape. */
const ESCAPE = /\\(?:u([\da-fA-F]{4})|[\s\S])/g;

/** NUL, and halves of characters, which no tokenizer can be given. */
function requireWhole(text: string, place: string): void {
  const nul = text.indexOf('\0');
  if (nul >= 0) {
    throw refused(`${place}:${nul + 1}`, `a NUL byte: the file seems to be UTF-16, or damaged; ${iconv('UTF-16')}`);
  }
  if (/\\u(?:0000|d[89a-f])/i.test(text)) requireWholeEscapes(text, place);
}

function requireWholeEscapes(text: string, place: string): void {
  let half: number | undefined;
  for (const { index, 1: code = '20' } of text.matchAll(ESCAPE)) {
    const value = Number.parseInt(code, 16);
    if (value === 0) throw refused(`${place}:${index + 1}`, 'a NUL (\\u0000), which no text has; take it out');
    const completes = isLow(value) && half === index - ESCAPE_LENGTH;
    if (half !== undefined && !completes) break;
    if (half === undefined && isLow(value)) throw halfCharacter(text, index, place);
    half = isHigh(value) ? index : undefined;
  }
  if (half !== undefined) throw halfCharacter(text, half, place);
}

const ESCAPE_LENGTH = '\\ud83d'.length;
const isHigh = (code: number): boolean => code >= 0xd8_00 && code <= 0xdb_ff;
const isLow = (code: number): boolean => code >= 0xdc_00 && code <= 0xdf_ff;

function halfCharacter(text: string, at: number, place: string): Error {
  return refused(
    `${place}:${at + 1}`,
    `half of a character (the lone surrogate ${text.slice(at, at + 6)}): the text was cut inside of it; mend it or take it out`,
  );
}

function refused(place: string, problem: string): PawlError {
  return new PawlError('InvalidRequest', `${place}: ${problem}`);
}
