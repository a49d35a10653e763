/** `loop`: where a loop stands, as Jinja2's LoopContext tells it, which looks ahead only when it is asked. */
import { itemsOf, length, equal } from './operators.ts';
import { bind } from './arguments.ts';
import { Attributes, Callable, TemplateFault, Tuple, Undefined, valueOr, type Call, type Value } from './values.ts';

type Recurse = (iterable: Value, depth: number) => string;

export class LoopContext extends Attributes {
  readonly type = 'LoopContext';
  readonly #iterable: Iterable<Value>;
  readonly #depth: number;
  readonly #recurse: Recurse | undefined;
  #iterator: Iterator<Value>;
  #length: number | undefined;
  #index = -1;
  #before: Value | undefined;
  #current: Value | undefined;
  #after: Value | undefined;
  #last: Value[] | undefined;

  constructor(source: { value: Value; items?: Iterable<Value> }, depth: number, recurse?: Recurse) {
    super();
    this.#iterable = source.items ?? itemsOf(source.value);
    this.#iterator = this.#iterable[Symbol.iterator]();
    // What is filtered has no length before it was read.
    this.#length = source.items === undefined ? length(source.value) : undefined;
    this.#depth = depth;
    this.#recurse = recurse;
  }

  /** The next item; undefined at the end. */
  next(): Value | undefined {
    const item = this.#after === undefined ? this.#read() : this.#after;
    this.#after = undefined;
    if (item === undefined) return undefined;
    this.#index += 1;
    this.#before = this.#current;
    this.#current = item;
    return item;
  }

  #read(): Value | undefined {
    const next = this.#iterator.next();
    return next.done === true ? undefined : next.value;
  }

  #peek(): Value | undefined {
    if (this.#after === undefined) this.#after = this.#read();
    return this.#after;
  }

  #count(): number {
    if (this.#length !== undefined) return this.#length;
    const rest: Value[] = [];
    for (let item = this.#read(); item !== undefined; item = this.#read()) rest.push(item);
    this.#iterator = rest.values();
    this.#length = rest.length + this.#index + 1 + (this.#after === undefined ? 0 : 1);
    return this.#length;
  }

  /** `loop(items)` in a loop that is `recursive`. */
  again(call: Call): Value {
    const [iterable = null] = bind('loop', ['iterable'], call, 1);
    if (this.#recurse === undefined) {
      throw new TemplateFault("The loop must have the 'recursive' marker to be called recursively.");
    }
    return this.#recurse(iterable, this.#depth + 1);
  }

  readonly #attributes: Readonly<Record<string, () => Value>> = {
    index: () => this.#index + 1,
    index0: () => this.#index,
    first: () => this.#index === 0,
    last: () => this.#peek() === undefined,
    length: () => this.#count(),
    revindex: () => this.#count() - this.#index,
    revindex0: () => this.#count() - this.#index - 1,
    depth: () => this.#depth + 1,
    depth0: () => this.#depth,
    previtem: () => (this.#index === 0 ? new Undefined('there is no previous item') : (this.#before ?? null)),
    nextitem: () => valueOr(this.#peek(), () => new Undefined('there is no next item')),
    cycle: () => new Callable('cycle', ({ args }) => this.#cycle(args)),
    changed: () => new Callable('changed', ({ args }) => this.#changed(args)),
  };

  attribute(name: string): Value | undefined {
    return Object.hasOwn(this.#attributes, name) ? this.#attributes[name]?.() : undefined;
  }

  #cycle(args: readonly Value[]): Value {
    const item = args[this.#index % args.length];
    if (item === undefined) throw new TemplateFault('no items for cycling given');
    return item;
  }

  #changed(args: readonly Value[]): boolean {
    const same = this.#last !== undefined && equal(new Tuple(this.#last), new Tuple(args));
    this.#last = [...args];
    return !same;
  }
}
