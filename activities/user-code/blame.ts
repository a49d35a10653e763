/** From what a process said of its end, or of what was thrown, to the user's own file and line. */
import { basename } from 'node:path';
import type { Ending } from './child-process.ts';
import type { Code } from './code.ts';
import type { Thrown } from './messages.ts';

/** As the process saw the pinned file, and as the user knows it. */
export interface Seen {
  readonly file: string;
  readonly code: Code;
  /** Of what it was asked, where that is not the code's own. */
  readonly limitMs?: number;
}

const LONGEST = 2_000;

/** What a user's code threw, in one line: `…/grader.mjs:3 failed: TypeError: …`. */
export function thrownIn({ message, stack, kind }: Thrown, seen: Seen): string {
  const told = readable(message, seen);
  const place = placeIn(stack, seen) ?? seen.code.place.path;
  return kind === 'raised' ? `${place} failed: ${told}` : `${place}: ${told}`;
}

/** Why the process ended, and where it was: `…/grader.mjs:2 did not answer within 10 s`. */
export function endedIn({ why, status, report }: Ending, seen: Seen): string {
  const { code, limitMs = code.limitMs } = seen;
  const where = placeIn(report, seen) ?? code.place.path;
  const what = code.function === undefined ? '' : ` (${code.function})`;
  switch (why) {
    case 'time':
      return `${where}${what} did not answer within ${limitMs / 1000} s`;
    case 'memory':
      return `${where}${what} used more than ${Math.round(code.memoryBytes / 1024 / 1024)} MB of memory`;
    case 'output':
      return `${where}${what} printed more than 16 MB`;
    case 'nonsense':
      return `${where}${what} wrote to the channel of its answers: ${status.slice(0, 200)}`;
    case 'exit':
      return `${where}${what} ended its process, twice (${status}${uncaught(report, seen)})`;
    default:
      return why satisfies never;
  }
}

/** Which item of a batch it was in, where it could tell. */
export function itemIn(report: string): number | undefined {
  const item = /"item":(\d+)/.exec(report)?.[1];
  return item === undefined ? undefined : Number(item);
}

/** The innermost frame that is in the user's file: frames come most recent first. */
function placeIn(text: string, { file, code }: Seen): string | undefined {
  const name = escaped(basename(file));
  const line = new RegExp(`${name}(?::|", line )(\\d+)`).exec(text)?.[1];
  return line === undefined ? undefined : `${code.place.path}:${line}`;
}

function uncaught(report: string, seen: Seen): string {
  const message = /\{"why":"uncaught","stack":("(?:[^"\\]|\\.)*")\}/.exec(report)?.[1];
  if (message === undefined) return '';
  return `: ${readable(String(JSON.parse(message)).split('\n')[0] ?? '', seen)}`;
}

/** Without the folder that the code ran in, and of bounded length. */
function readable(text: string, { file, code }: Seen): string {
  const told = text.replaceAll(`file://${file}`, code.place.path).replaceAll(file, code.place.path);
  return told.length > LONGEST ? `${told.slice(0, LONGEST)}…` : told;
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}
