/**
 * The day that a chat template is told is that of submission, not of the hour in which a worker finds time to plan: the
 * same submission is the same data, and so are its branches. It is written down only where a template asks.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RunSpec } from '../../domain/spec/spec.ts';

/** In UTC, as everything that is recorded. */
export function today(): string {
  return new Date().toISOString().slice(0, 'YYYY-MM-DD'.length);
}

/** The experiment with `data.date`, where it matters and is not given. */
export async function withPinnedDate(spec: RunSpec): Promise<RunSpec> {
  if (spec.data.date !== undefined || !(await asksForDate(spec))) return spec;
  return { ...spec, data: { ...spec.data, date: today() } };
}

/** By its name, wherever a template may stand: to be told the day in vain does no harm. */
async function asksForDate({ model, data }: RunSpec): Promise<boolean> {
  const folder = dirname(model.tokenizer);
  const files = [data.chatTemplate, join(folder, 'chat_template.jinja'), join(folder, 'tokenizer_config.json')];
  const texts = await Promise.all(files.map(async (file) => file && readFile(file, 'utf8').catch(() => undefined)));
  return texts.some((text) => text?.includes('strftime_now') === true);
}
