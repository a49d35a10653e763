/** Statements as functions that write a rendering's text. */
import { ExpressionCompiler } from './compile-expression.ts';
import type { Known } from './filter.ts';
import {
  Frame,
  activation,
  capture,
  type Activation,
  type Evaluate,
  type Execute,
  type Rendering,
  type Signal,
} from './frame.ts';
import { TemplateSyntaxFault } from './lexer.ts';
import { LoopContext } from './loop.ts';
import { macroValue } from './macro.ts';
import type { CallBlock, Expression, For, If, Macro, Statement, Target } from './nodes.ts';
import { callableOf, itemsOf, truth } from './operators.ts';
import { str } from './printing.ts';
import { Function_, analyze, analyzeExpression, analyzeLoop, analyzeMacro, analyzeTarget } from './symbols.ts';
import { Namespace, NO_ARGUMENTS, TemplateFault, unknownHere, type Value } from './values.ts';
import { namesOf, storesIn } from './walk.ts';

type Of<Kind extends Statement['kind']> = Statement & { kind: Kind };
type Assign = (at: Activation, value: Value) => void;

/** The whole template as one function, which begins with an activation of its own. */
export function compileTemplate(statements: readonly Statement[], known: Known): Execute {
  const frame = new Frame(new Function_(undefined));
  analyze(frame.symbols, statements);
  const body = new Compiler(known).body(statements, frame);
  const enter = frame.entrance();
  return (at) => {
    enter(at);
    return body(at);
  };
}

class Compiler {
  readonly #expressions: ExpressionCompiler;
  constructor(known: Known) {
    this.#expressions = new ExpressionCompiler(known);
  }

  body(statements: readonly Statement[], frame: Frame): Execute {
    const steps = statements.map((statement) => this.#statement(statement, frame));
    return (at) => {
      for (const step of steps) {
        const signal = step(at);
        if (signal !== undefined) return signal;
      }
      return undefined;
    };
  }

  #statement(statement: Statement, frame: Frame): Execute {
    try {
      return (this.#kinds[statement.kind] as (it: Statement, frame: Frame) => Execute)(statement, frame);
    } catch (error) {
      throw error instanceof TemplateFault && 'line' in statement
        ? new TemplateSyntaxFault(error.message, statement.line)
        : error;
    }
  }

  readonly #kinds: { readonly [Kind in Statement['kind']]: (it: Of<Kind>, frame: Frame) => Execute } = {
    text:
      ({ text }) =>
      ({ rendering }) => {
        rendering.text += text;
        return undefined;
      },
    print: ({ value, line }, frame) => {
      const of = this.#expressions.compile(value, frame);
      return (at) => {
        at.rendering.line = line;
        at.rendering.text += str(of(at));
        return undefined;
      };
    },
    set: ({ target, value, line }, frame) => {
      const [of, assign] = [this.#expressions.compile(value, frame), this.#target(target, frame)];
      return (at) => {
        at.rendering.line = line;
        assign(at, of(at));
        return undefined;
      };
    },
    setBlock: (it, frame) => this.#setBlock(it, frame),
    with: (it, frame) => this.#with(it, frame),
    filterBlock: (it, frame) => this.#filterBlock(it, frame),
    break: () => () => 'break',
    continue: () => () => 'continue',
    for: (it, frame) => this.#for(it, frame),
    if: (it, frame) => this.#if(it, frame),
    macro: (it, frame) => {
      const [macro, assign] = [this.#macro(it, frame), frame.writer(it.name)];
      return (at) => {
        assign(at, macro(at));
        return undefined;
      };
    },
    callBlock: (it, frame) => this.#callBlock(it, frame),
  };

  /** Whoever refuses a wrong number of items, or what is no namespace, is Python. */
  #target(target: Target, frame: Frame): Assign {
    if (target.kind === 'name') return frame.writer(target.name);
    if (target.kind === 'namespace') return this.#namespaceTarget(target, frame);
    const targets = target.items.map((item) => this.#target(item, frame));
    return (at, value) => {
      const items = [...itemsOf(value)];
      if (items.length !== targets.length) {
        throw new TemplateFault(`${items.length} values to unpack, expected ${targets.length}`);
      }
      for (const [index, assign] of targets.entries()) assign(at, items[index] ?? null);
    };
  }

  #namespaceTarget({ name, attribute }: Target & { kind: 'namespace' }, frame: Frame): Assign {
    if (attribute.startsWith('_')) throw new TemplateFault('a namespace has no attributes that begin with _');
    const read = frame.reader(name);
    return (at, value) => {
      const namespace = read(at);
      if (!(namespace instanceof Namespace)) throw new TemplateFault('cannot assign attribute on non-namespace object');
      namespace.attributes.set(attribute, value);
    };
  }

  #setBlock({ target, filter, body, line }: Of<'setBlock'>, frame: Frame): Execute {
    const inner = frame.inner();
    analyze(inner.symbols, body);
    if (filter !== undefined) analyzeExpression(inner.symbols, filter);
    const [enter, run, assign] = [inner.entrance(), this.body(body, inner), this.#target(target, frame)];
    let written = '';
    const value: Evaluate =
      filter === undefined ? () => written : this.#expressions.blockFilter(filter, () => written, inner);
    return (at) => {
      at.rendering.line = line;
      enter(at);
      const { text, signal } = capture(at, run);
      if (signal !== undefined) return signal;
      written = text;
      assign(at, value(at));
      return undefined;
    };
  }

  #filterBlock({ filter, body, line }: Of<'filterBlock'>, frame: Frame): Execute {
    const inner = frame.inner();
    analyzeExpression(inner.symbols, filter);
    analyze(inner.symbols, body);
    const [enter, run] = [inner.entrance(), this.body(body, inner)];
    let written = '';
    const value = this.#expressions.blockFilter(filter, () => written, inner);
    return (at) => {
      at.rendering.line = line;
      enter(at);
      const { text, signal } = capture(at, run);
      if (signal !== undefined) return signal;
      written = text;
      at.rendering.text += str(value(at));
      return undefined;
    };
  }

  #with({ targets, values, body, line }: Of<'with'>, frame: Frame): Execute {
    const inner = frame.inner();
    for (const target of targets) analyzeTarget(inner.symbols, target, (name) => inner.symbols.declare(name));
    analyze(inner.symbols, body);
    const steps = targets.map((target, index) => ({
      assign: this.#target(target, inner),
      value: this.#expressions.compile(values[index] ?? { kind: 'constant', value: null }, frame),
    }));
    const [enter, run] = [inner.entrance(), this.body(body, inner)];
    return (at) => {
      at.rendering.line = line;
      enter(at);
      for (const { assign, value } of steps) assign(at, value(at));
      return run(at);
    };
  }

  #if({ branches, otherwise }: If, around: Frame): Execute {
    const frame = around.branch();
    const all = branches.map(({ test, body, line }) => ({
      test: this.#expressions.compile(test, frame),
      body: this.body(body, frame),
      line,
    }));
    const last = this.body(otherwise, frame);
    return (at) => {
      for (const { test, body, line } of all) {
        at.rendering.line = line;
        if (truth(test(at))) return body(at);
      }
      return last(at);
    };
  }

  #for(it: For, frame: Frame): Execute {
    const iterable = this.#expressions.compile(it.iterable, frame);
    if (!it.recursive) {
      const run = this.#loop(it, frame);
      return (at) => {
        at.rendering.line = it.line;
        return run(at, iterable(at), 0);
      };
    }
    const run = this.#loop(it, frame.function());
    const recurse = (outer: Activation, value: Value, depth: number): string =>
      capture(activation(outer), (at) => run(at, value, depth, (next, deeper) => recurse(outer, next, deeper))).text;
    return (at) => {
      at.rendering.line = it.line;
      at.rendering.text += recurse(at, iterable(at), 0);
      return undefined;
    };
  }

  /** The turns of a loop; `else` is for a loop whose body never came to its end, as Jinja2 has it. */
  #loop(
    it: For,
    frame: Frame,
  ): (at: Activation, value: Value, depth: number, recurse?: (next: Value, depth: number) => string) => Signal {
    const [turn, otherwise] = [frame.inner(), frame.inner()];
    requireFreeLoop(it);
    analyzeLoop(turn.symbols, it);
    analyze(otherwise.symbols, it.otherwise);
    const filter = it.test === undefined ? undefined : this.#loopFilter(it.target, it.test, frame);
    const [enter, body] = [turn.entrance(), this.body(it.body, turn)];
    const [setLoop, setTarget] = [turn.writer('loop'), this.#target(it.target, turn)];
    const [enterElse, elseBody] = [otherwise.entrance(), this.body(it.otherwise, otherwise)];
    return (at, value, depth, recurse) => {
      const loop = new LoopContext({ value, ...(filter && { items: filter(at, value) }) }, depth, recurse);
      let completed = false;
      for (let item = loop.next(); item !== undefined; item = loop.next()) {
        setTarget(at, item);
        setLoop(at, loop);
        enter(at);
        const signal = body(at);
        if (signal === 'break') break;
        completed ||= signal === undefined;
      }
      if (completed || it.otherwise.length === 0) return undefined;
      enterElse(at);
      return elseBody(at);
    };
  }

  /** `for … if`: decided item by item, as the loop comes to them. */
  #loopFilter(target: Target, test: Expression, outer: Frame): (at: Activation, value: Value) => Iterable<Value> {
    const frame = outer.function();
    analyzeTarget(frame.symbols, target, (name) => frame.symbols.declare(name));
    analyzeExpression(frame.symbols, test);
    const [enter, assign, holds] = [
      frame.entrance(),
      this.#target(target, frame),
      this.#expressions.compile(test, frame),
    ];
    return function* (at, value) {
      const own = activation(at);
      enter(own);
      for (const item of itemsOf(value)) {
        assign(own, item);
        if (truth(holds(own))) yield item;
      }
    };
  }

  #macro({ name, signature, body }: Pick<Macro, 'name' | 'signature' | 'body'>, outer: Frame): Evaluate {
    const frame = outer.function();
    analyzeMacro(frame.symbols, signature, body);
    const defaults = signature.defaults.map((value) => this.#expressions.compile(value, frame));
    return macroValue({ name, signature, body, frame, defaults, run: () => this.body(body, frame) });
  }

  #callBlock({ call, signature, body, line }: CallBlock, frame: Frame): Execute {
    const caller = this.#macro({ name: 'caller', signature, body }, frame);
    // A generation block gives what its body renders: it is its own caller.
    const text: Evaluate =
      call === undefined
        ? (at) => callableOf(caller(at)).call(NO_ARGUMENTS)
        : this.#expressions.call(call, frame, caller);
    return (at) => {
      at.rendering.line = line;
      const start = at.rendering.text.length;
      at.rendering.text += str(text(at));
      if (call === undefined) mark(at.rendering, start);
      return undefined;
    };
  }
}

function mark({ captures, generations, text }: Rendering, start: number): void {
  if (captures > 0) throw unknownHere('a generation block in a macro or in a block that is put elsewhere');
  generations.push(start, text.length);
}

function requireFreeLoop({ target, body, line }: For): void {
  const set = [...namesOf(target), ...storesIn(body)];
  if (set.includes('loop')) throw new TemplateSyntaxFault("Can't assign to special loop variable", line);
}
