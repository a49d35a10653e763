/**
 * Jinja2 as transformers sets it up for chat templates: trim_blocks and lstrip_blocks, loop controls, `generation`,
 * an immutable sandbox. Whatever is not rendered as Python renders it is refused. After jinja2 3.1.6.
 */
import { compileTemplate } from './compile.ts';
import type { Filter } from './filter.ts';
import { LIST_FILTERS } from './filters-of-lists.ts';
import { TEXT_FILTERS } from './filters-of-text.ts';
import type { Rendering } from './frame.ts';
import { TemplateRefusal, globalsOf } from './globals.ts';
import { TemplateSyntaxFault } from './lexer.ts';
import type { Statement } from './nodes.ts';
import { parseTemplate } from './parser.ts';
import { TESTS } from './tests.ts';
import { TemplateFault, fromJson, unknownHere, type Value } from './values.ts';
import { expressionsIn, hasGenerations } from './walk.ts';

/** Filters of Jinja2 that are refused where a template comes to them. */
const REFUSED = 'filesizeformat pprint random slice striptags urlencode urlize wordwrap xmlattr'.split(' ');

const FILTERS: ReadonlyMap<string, Filter> = new Map([
  ...Object.entries(TEXT_FILTERS),
  ...Object.entries(LIST_FILTERS),
  ...REFUSED.map((name): [string, Filter] => [
    name,
    () => {
      throw unknownHere(`the filter ${name}`);
    },
  ]),
]);

/** What stands between a template and its text, fit for a message: with the line unless the template says it itself. */
class RenderFault extends Error {
  override readonly name = 'RenderFault';
}

/** A text, and where in it `generation` blocks start and end. */
export interface Rendered {
  readonly text: string;
  readonly generations: readonly number[];
}

export interface JinjaTemplate {
  /** Values are those of JSON; throws RenderFault. */
  render(variables: Readonly<Record<string, unknown>>, options: { date?: string | undefined }): Rendered;
  /** Whether the template reads such a key or variable anywhere, or could: whole mappings are read key by key. */
  mentions(name: string): boolean;
  /** Whether a variable of that name is read anywhere. */
  reads(name: string): boolean;
  /** Whether it says itself, by `generation` blocks, what the assistant's text is. */
  readonly marksGenerations: boolean;
}

/** Throws RenderFault, with the line, for what is not a template or uses what is not known here. */
export function jinja(source: string): JinjaTemplate {
  const statements = reported(() => parseTemplate(source));
  const run = reported(() => compileTemplate(statements, { filters: FILTERS, tests: TESTS }));
  const words = mentionedIn(statements);
  const names = namesIn(statements);
  return {
    mentions: (name) => words.has(name),
    reads: (name) => names.has(name),
    marksGenerations: hasGenerations(statements),
    render(variables, { date }) {
      const globals = globalsOf(date);
      const given = new Map(Object.entries(variables).map(([name, value]): [string, Value] => [name, fromJson(value)]));
      const rendering: Rendering = {
        text: '',
        line: 1,
        captures: 0,
        generations: [],
        resolve: (name) => (given.has(name) ? given.get(name) : globals.get(name)),
      };
      return reported(() => {
        run({ variables: [], parent: undefined, rendering });
        return { text: rendering.text, generations: rendering.generations };
      }, rendering);
    },
  };
}

function reported<Result>(work: () => Result, at?: { line: number }): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof TemplateRefusal) throw new RenderFault(error.message, { cause: error });
    if (error instanceof TemplateSyntaxFault) throw faultAt(error.line, error);
    if (error instanceof TemplateFault) throw faultAt(at?.line ?? 1, error);
    if (error instanceof RangeError) throw faultAt(at?.line ?? 1, new Error('it calls itself without end'));
    throw error;
  }
}

function faultAt(line: number, error: Error): RenderFault {
  return new RenderFault(`line ${line} of the template: ${error.message}`, { cause: error });
}

/** Names, attributes and texts that stand in a template's expressions: what it could ask a mapping for. */
function mentionedIn(statements: readonly Statement[]): Set<string> {
  const words = new Set<string>();
  for (const expression of expressionsIn(statements)) {
    if (expression.kind === 'name' || expression.kind === 'attribute') words.add(expression.name);
    if (expression.kind === 'constant' && typeof expression.value === 'string') words.add(expression.value);
  }
  return words;
}

function namesIn(statements: readonly Statement[]): Set<string> {
  const names = new Set<string>();
  for (const expression of expressionsIn(statements)) if (expression.kind === 'name') names.add(expression.name);
  return names;
}
