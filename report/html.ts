/** A report as one HTML file that stands for itself: no script, no network, pictures within. */
import { curveSvg } from './curve-svg.ts';
import type { Block, Curve, ReportDocument } from './document.ts';
import { escapeXml } from './escape.ts';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;color:#1c1c1c;max-width:980px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #ddd}
table{border-collapse:collapse;font-size:13px;display:block;overflow-x:auto}
th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid #eee}
th{background:#f6f6f6}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:#555}dd{margin:0;overflow-wrap:anywhere}
pre{background:#f6f6f6;padding:.8rem;overflow-x:auto;font-size:13px}figure{margin:1rem 0}figcaption{color:#555;font-size:13px}svg{max-width:100%;height:auto}`;

/** Even what slipped through could load and run nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

export function toHtml({ title, blocks }: ReportDocument): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeXml(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escapeXml(title)}</h1>`,
    ...blocks.map(blockHtml),
    '</body></html>',
    '',
  ].join('\n');
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h2>${escapeXml(block.text)}</h2>`;
    case 'text':
      return `<p>${escapeXml(block.text)}</p>`;
    case 'facts':
      return `<dl>${block.facts.map(([name, value]) => `<dt>${escapeXml(name)}</dt><dd>${escapeXml(value)}</dd>`).join('')}</dl>`;
    case 'table':
      return `<table><thead>${row('th', block.head)}</thead><tbody>${block.rows.map((cells) => row('td', cells)).join('\n')}</tbody></table>`;
    case 'code':
      return `<pre>${escapeXml(block.text)}</pre>`;
    case 'curve':
      return figure(block.curve);
    default:
      return '';
  }
}

function figure(curve: Curve): string {
  const svg = curveSvg(curve);
  return svg === undefined ? '' : `<figure><figcaption>${escapeXml(curve.title)}</figcaption>${svg}</figure>`;
}

function row(cell: 'th' | 'td', cells: readonly string[]): string {
  return `<tr>${cells.map((said) => `<${cell}>${escapeXml(said)}</${cell}>`).join('')}</tr>`;
}
