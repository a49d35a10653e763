/** A report as Markdown, pictures within as data; a terminal shows none, and has their names. */
import { visible } from '../domain/words/outside-text.ts';
import { curveSvg } from './curve-svg.ts';
import type { Block, Curve, ReportDocument } from './document.ts';
import { escapeMarkdown } from './escape.ts';

interface MarkdownOptions {
  /** Default: true. */
  readonly pictures?: boolean;
}

export function toMarkdown({ title, blocks }: ReportDocument, { pictures = true }: MarkdownOptions = {}): string {
  const parts = [`# ${escapeMarkdown(title)}`, ...blocks.map((block) => blockMarkdown(block, pictures))];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function blockMarkdown(block: Block, pictures: boolean): string {
  switch (block.kind) {
    case 'heading':
      return `## ${escapeMarkdown(block.text)}`;
    case 'text':
      return escapeMarkdown(block.text);
    case 'facts':
      return block.facts.map(([name, value]) => `- ${escapeMarkdown(name)}: ${escapeMarkdown(value)}`).join('\n');
    case 'table':
      return [
        line(block.head),
        line(block.head.map(() => '---')),
        ...block.rows.map((cells) => line(cells.map(escapeMarkdown))),
      ].join('\n');
    case 'code':
      return fenced(visible(block.text));
    case 'curve':
      return picture(block.curve, pictures);
    default:
      return '';
  }
}

function picture(curve: Curve, drawn: boolean): string {
  const svg = curveSvg(curve);
  if (svg === undefined) return '';
  if (!drawn) return `(picture: ${escapeMarkdown(curve.title)})`;
  return `![${escapeMarkdown(curve.title)}](data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')})`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Longer than any fence within. */
function fenced(code: string): string {
  const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${code.trimEnd()}\n${fence}`;
}
