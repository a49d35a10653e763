/** Texts of others within a report: whatever a reason, a name or a platform says is shown, and does nothing. */
import { visible } from '../domain/words/outside-text.ts';

const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeXml(said: string): string {
  return visible(said).replace(/[&<>"']/g, (character) => NAMED[character] ?? character);
}

/** Within a line of Markdown, or a cell: no mark, no link, no HTML, no line of its own. */
export function escapeMarkdown(said: string): string {
  return visible(said)
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]<>#|~$!]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')
    .replace(/^([-+](?=\s|$)|[-=]+$)/, '\\$&');
}
