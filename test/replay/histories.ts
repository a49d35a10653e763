/** Recorded histories: files of `scripts/record-histories.mjs`, a folder for each version of pawl. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { packageRoot } from '../../client/local/paths.ts';

const folder = join(packageRoot(), 'test', 'histories');

/** `0.1.0/finished`, … */
export function historyNames(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json.gz'))
    .map((name) => name.slice(0, -'.json.gz'.length))
    .sort();
}

interface RecordedEvent {
  readonly eventType: number;
}

export interface RecordedHistory {
  readonly events: readonly RecordedEvent[];
}

/** As protobuf would decode it. */
export function readHistory(name: string): RecordedHistory {
  const text = gunzipSync(readFileSync(join(folder, `${name}.json.gz`))).toString();
  return JSON.parse(text, (_key, value: unknown) => bytesOf(value) ?? value) as RecordedHistory;
}

function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('$utf8' in value) return Buffer.from(String(value.$utf8));
  return '$base64' in value ? Buffer.from(String(value.$base64), 'base64') : undefined;
}
