/** Expressions as functions of where they stand. */
import { attributeOf, itemOf, slice } from './attributes.ts';
import type { Known } from './filter.ts';
import type { Evaluate, Frame } from './frame.ts';
import { LoopContext } from './loop.ts';
import type { Arguments, BinarySign, CompareSign, Expression } from './nodes.ts';
import { arithmetic, negate } from './numbers.ts';
import {
  add,
  callableOf,
  concatenate,
  contains,
  equal,
  hashable,
  itemsOf,
  modulo,
  multiply,
  order,
  truth,
} from './operators.ts';
import { NO_ARGUMENTS, TemplateFault, Tuple, Undefined, isDict, type Call, type Dict, type Value } from './values.ts';

type Of<Kind extends Expression['kind']> = Expression & { kind: Kind };

export class ExpressionCompiler {
  readonly #known: Known;
  constructor(known: Known) {
    this.#known = known;
  }

  compile(expression: Expression, frame: Frame): Evaluate {
    const compile = this.#kinds[expression.kind] as (it: Expression, frame: Frame) => Evaluate;
    return compile(expression, frame);
  }

  readonly #kinds: { readonly [Kind in Expression['kind']]: (it: Of<Kind>, frame: Frame) => Evaluate } = {
    constant:
      ({ value }) =>
      () =>
        value,
    name: ({ name }, frame) => frame.reader(name),
    attribute: ({ object, name }, frame) => {
      const of = this.compile(object, frame);
      return (at) => attributeOf(of(at), name);
    },
    item: ({ object, key }, frame) => {
      const [of, by] = [this.compile(object, frame), this.compile(key, frame)];
      return (at) => itemOf(of(at), by(at));
    },
    slice: (it, frame) => this.#slice(it, frame),
    call: (it, frame) => this.call(it, frame),
    filter: (it, frame) => {
      if (it.value === undefined) throw new Error('a filter of nothing');
      return this.filter(it, this.compile(it.value, frame), frame);
    },
    test: (it, frame) => this.#test(it, frame),
    not: ({ value }, frame) => {
      const of = this.compile(value, frame);
      return (at) => !truth(of(at));
    },
    negative: ({ value }, frame) => {
      const of = this.compile(value, frame);
      return (at) => negate(of(at));
    },
    positive: ({ value }, frame) => {
      const of = this.compile(value, frame);
      return (at) => arithmetic('+', 0, of(at));
    },
    and: ({ left, right }, frame) => {
      const [first, second] = [this.compile(left, frame), this.compile(right, frame)];
      return (at) => {
        const value = first(at);
        return truth(value) ? second(at) : value;
      };
    },
    or: ({ left, right }, frame) => {
      const [first, second] = [this.compile(left, frame), this.compile(right, frame)];
      return (at) => {
        const value = first(at);
        return truth(value) ? value : second(at);
      };
    },
    binary: ({ sign, left, right }, frame) => {
      const [first, second] = [this.compile(left, frame), this.compile(right, frame)];
      const operate = BINARY[sign];
      return (at) => operate(first(at), second(at));
    },
    compare: (it, frame) => this.#compare(it, frame),
    concat: ({ items }, frame) => {
      const all = items.map((item) => this.compile(item, frame));
      return (at) => concatenate(all.map((item) => item(at)));
    },
    list: ({ items }, frame) => {
      const all = items.map((item) => this.compile(item, frame));
      return (at) => all.map((item) => item(at));
    },
    tuple: ({ items }, frame) => {
      const all = items.map((item) => this.compile(item, frame));
      return (at) => new Tuple(all.map((item) => item(at)));
    },
    dict: (it, frame) => this.#dict(it, frame),
    conditional: ({ test, value, otherwise }, around) => {
      const frame = around.branch();
      const [condition, first] = [this.compile(test, frame), this.compile(value, frame)];
      const second = otherwise === undefined ? () => NOT_CHOSEN : this.compile(otherwise, frame);
      return (at) => (truth(condition(at)) ? first(at) : second(at));
    },
  };

  #slice({ object, bounds }: Of<'slice'>, frame: Frame): Evaluate {
    const of = this.compile(object, frame);
    const [start, stop, step] = bounds.map((bound) => (bound ? this.compile(bound, frame) : NONE));
    return (at) => slice(of(at), [start?.(at) ?? null, stop?.(at) ?? null, step?.(at) ?? null]);
  }

  #dict({ pairs }: Of<'dict'>, frame: Frame): Evaluate {
    const all = pairs.map(([key, value]) => [this.compile(key, frame), this.compile(value, frame)] as const);
    return (at) => {
      const dict: Dict = new Map();
      for (const [key, value] of all) dict.set(hashable(key(at), dict), value(at));
      return dict;
    };
  }

  #compare({ first, rest }: Of<'compare'>, frame: Frame): Evaluate {
    const start = this.compile(first, frame);
    const steps = rest.map(([sign, value]) => [COMPARE[sign], this.compile(value, frame)] as const);
    return (at) => {
      let left = start(at);
      for (const [holds, value] of steps) {
        const right = value(at);
        if (!holds(left, right)) return false;
        left = right;
      }
      return true;
    };
  }

  /** A call, with the caller of a call block among its arguments if there is one. */
  call({ callee, call }: Of<'call'>, frame: Frame, caller?: Evaluate): Evaluate {
    const [of, given] = [this.compile(callee, frame), this.#arguments(call, frame)];
    return (at) => {
      const value = of(at);
      const own = given(at);
      const all = caller === undefined ? own : { ...own, kwargs: new Map([...own.kwargs, ['caller', caller(at)]]) };
      return value instanceof LoopContext ? value.again(all) : callableOf(value).call(all);
    };
  }

  #arguments({ args, kwargs, rest, restByName }: Arguments, frame: Frame): (at: Parameters<Evaluate>[0]) => Call {
    if (args.length === 0 && kwargs.length === 0 && rest === undefined && restByName === undefined) {
      return () => NO_ARGUMENTS;
    }
    const positional = args.map((value) => this.compile(value, frame));
    const named = kwargs.map(([name, value]) => [name, this.compile(value, frame)] as const);
    const more = rest && this.compile(rest, frame);
    const moreByName = restByName && this.compile(restByName, frame);
    return (at) => ({
      args: [...positional.map((value) => value(at)), ...(more ? itemsOf(more(at)) : [])],
      kwargs: withMore(new Map(named.map(([name, value]) => [name, value(at)])), moreByName?.(at)),
    });
  }

  /** A filter on what `value` gives. */
  filter({ name, call }: Of<'filter'>, value: Evaluate, frame: Frame): Evaluate {
    const filter = this.#known.filters.get(name);
    if (filter === undefined) return missing(`No filter named '${name}'.`, frame);
    const given = this.#arguments(call, frame);
    return (at) => filter(value(at), given(at), this.#known);
  }

  #test({ name, value, call }: Of<'test'>, frame: Frame): Evaluate {
    const test = this.#known.tests.get(name);
    if (test === undefined) return missing(`No test named '${name}'.`, frame);
    const [of, given] = [this.compile(value, frame), this.#arguments(call, frame)];
    return (at) => test(of(at), given(at), this.#known);
  }

  /** The filters of a block, whose text is the innermost value. */
  blockFilter(expression: Expression, text: Evaluate, frame: Frame): Evaluate {
    if (expression.kind !== 'filter') throw new Error('a block is filtered by filters');
    const value = expression.value === undefined ? text : this.blockFilter(expression.value, text, frame);
    return this.filter(expression, value, frame);
  }
}

/** What is not there is a fault at once, in a branch only of who takes it. */
function missing(message: string, { soft }: Frame): Evaluate {
  const fault = new TemplateFault(message);
  if (!soft) throw fault;
  return () => {
    throw fault;
  };
}

const NONE: Evaluate = () => null;
const NOT_CHOSEN = new Undefined('the inline if-expression evaluated to false and no else section was defined.');

function withMore(kwargs: Map<string, Value>, more: Value | undefined): Map<string, Value> {
  if (more === undefined) return kwargs;
  if (!isDict(more)) throw new TemplateFault('argument after ** must be a mapping');
  for (const [key, value] of more) {
    if (typeof key !== 'string') throw new TemplateFault('keywords must be strings');
    if (kwargs.has(key)) throw new TemplateFault(`got multiple values for keyword argument '${key}'`);
    kwargs.set(key, value);
  }
  return kwargs;
}

const BINARY: Readonly<Record<BinarySign, (a: Value, b: Value) => Value>> = {
  '+': add,
  '*': multiply,
  '%': modulo,
  '-': (a, b) => arithmetic('-', a, b),
  '/': (a, b) => arithmetic('/', a, b),
  '//': (a, b) => arithmetic('//', a, b),
  '**': (a, b) => arithmetic('**', a, b),
};

const COMPARE: Readonly<Record<CompareSign, (a: Value, b: Value) => boolean>> = {
  '==': equal,
  '!=': (a, b) => !equal(a, b),
  '<': (a, b) => order(a, b, '<') < 0,
  '<=': (a, b) => order(a, b, '<=') <= 0,
  '>': (a, b) => order(a, b, '>') > 0,
  '>=': (a, b) => order(a, b, '>=') >= 0,
  in: (a, b) => contains(b, a),
  'not in': (a, b) => !contains(b, a),
};
