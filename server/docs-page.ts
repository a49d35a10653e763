/** The OpenAPI document as a page for people: plain HTML, no script, nothing of another origin. */
import { KINDS } from './problem.ts';
import type { Route } from './route.ts';
import { z } from 'zod';

export const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
code, pre { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
h2 { border-bottom: 1px solid; margin-top: 2.5rem; }
dt { margin-top: 0.5rem; }
.method { font-weight: bold; }
`;

export function docsPage(routes: readonly Route[], version: string): string {
  const topics = [...new Set(routes.map(({ topic }) => topic))];
  const sections = topics.map((topic) => {
    const own = routes.filter((route) => route.topic === topic);
    return `<section><h2>${escaped(topic)}</h2>${own.map(operation).join('')}</section>`;
  });
  return page(
    'pawl: the HTTP API',
    `<h1>pawl ${escaped(version)}: the HTTP API</h1>
<p>Everything here is made of the same schemas as <a href="/openapi.json">openapi.json</a>, by which requests are read.
What is no success is a <a href="/docs/problems">problem</a>.</p>
<nav><ul>${routes.map(({ id, summary }) => `<li><a href="#${id}">${escaped(summary)}</a></li>`).join('')}</ul></nav>
${sections.join('')}`,
  );
}

function operation({ method, path, id, summary, detail, role, params, query }: Route): string {
  const fields = [...fieldsOf(params), ...fieldsOf(query)];
  return `<article id="${id}"><h3>${escaped(summary)}</h3>
<p><code><span class="method">${method}</span> ${escaped(path)}</code></p>
<p>${detail === undefined ? '' : `${escaped(detail)} `}Role: ${role}.</p>
${fields.length === 0 ? '' : `<dl>${fields.map(([name, text]) => `<dt><code>${escaped(name)}</code></dt><dd>${escaped(text)}</dd>`).join('')}</dl>`}
</article>`;
}

function fieldsOf(schema: z.ZodObject): [string, string][] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, field]) => {
    const { type, description = '' } = field as { type?: string; description?: string };
    return [name, `${type ?? 'text'}${description === '' ? '' : `: ${description}`}`];
  });
}

export function problemsPage(): string {
  const entries = Object.entries(KINDS).map(
    ([name, { status, title, meaning }]) =>
      `<section id="${name}"><h2>${escaped(title)}</h2><p><code>${status} ${name}</code></p><p>${escaped(meaning)}</p></section>`,
  );
  return page('pawl: problems', `<h1>What is answered where something cannot be done</h1>${entries.join('')}`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><link rel="stylesheet" href="/docs/style.css"></head>
<body><main>${body}</main></body></html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}
