/** Where compiled code finds its variables and writes its text. */
import { Function_, Symbols, type Load, type Reference } from './symbols.ts';
import { Undefined, valueOr, type Value } from './values.ts';

/** One rendering: the text so far, the line it is at, and what the template was given. */
export interface Rendering {
  text: string;
  line: number;
  /** Texts that are put elsewhere once they are whole: set blocks, macros. */
  captures: number;
  /** Start and end of what `generation` blocks wrote. */
  readonly generations: number[];
  resolve(name: string): Value | undefined;
}

/** One call of what is a function in Python. */
export interface Activation {
  readonly variables: (Value | undefined)[];
  readonly parent: Activation | undefined;
  readonly rendering: Rendering;
}

export type Evaluate = (at: Activation) => Value;
/** How a statement ended: on to the next, or out of a loop's turn. */
export type Signal = undefined | 'break' | 'continue';
export type Execute = (at: Activation) => Signal;

export class Frame {
  readonly symbols: Symbols;
  readonly owner: Function_;
  /** In a branch, where an unknown filter or test is a fault of whoever comes to it, and no fault of the template. */
  readonly soft: boolean;

  constructor(owner: Function_, symbols = new Symbols(owner), soft = false) {
    this.owner = owner;
    this.symbols = symbols;
    this.soft = soft;
  }

  branch(): Frame {
    return new Frame(this.owner, this.symbols, true);
  }

  inner(): Frame {
    return new Frame(this.owner, new Symbols(this.owner, this.symbols));
  }

  /** A frame inside a function of its own. */
  function(): Frame {
    const owner = new Function_(this.owner);
    return new Frame(owner, new Symbols(owner, this.symbols));
  }

  reader(name: string): Evaluate {
    const read = this.#read(this.symbols.find(name));
    const absent = new Undefined(`'${name}' is undefined`);
    return (at) => valueOr(read(at), () => absent);
  }

  writer(name: string): (at: Activation, value: Value | undefined) => void {
    const reference = this.symbols.find(name);
    if (reference?.owner !== this.owner) throw new Error(`${name} is not of this frame`);
    const slot = this.owner.slot(reference.ident);
    return (at, value) => {
      at.variables[slot] = value;
    };
  }

  /** Undefined where a variable has no value. */
  #read(reference: Reference | undefined): (at: Activation) => Value | undefined {
    if (reference === undefined) throw new Error('a name that was not analyzed');
    const slot = reference.owner.slot(reference.ident);
    let hops = 0;
    for (let owner: Function_ | undefined = this.owner; owner !== reference.owner; owner = owner?.parent) hops += 1;
    if (hops === 0) return (at) => at.variables[slot];
    return (at) => {
      let from: Activation | undefined = at;
      for (let hop = 0; hop < hops; hop++) from = from?.parent;
      return from?.variables[slot];
    };
  }

  /** Gives each variable of the frame what it begins as. */
  entrance(): (at: Activation) => void {
    const steps = [...this.symbols.loads].flatMap(([ident, load]) => {
      const value = this.#initial(load);
      return value === undefined ? [] : [{ slot: this.owner.slot(ident), value }];
    });
    return (at) => {
      for (const { slot, value } of steps) at.variables[slot] = value(at);
    };
  }

  #initial(load: Load): ((at: Activation) => Value | undefined) | undefined {
    if (load.kind === 'resolve') return (at) => at.rendering.resolve(load.name);
    if (load.kind === 'alias') return this.#read(load.of);
    return load.kind === 'missing' ? () => undefined : undefined;
  }
}

/** What is written while `run` goes on, apart from the rest; undefined if a loop is left meanwhile. */
export function capture(at: Activation, run: Execute): { text: string; signal: Signal } {
  const { rendering } = at;
  const before = rendering.text;
  rendering.text = '';
  rendering.captures += 1;
  const signal = run(at);
  const { text } = rendering;
  rendering.text = before;
  rendering.captures -= 1;
  return { text, signal };
}

export function activation(parent: Activation): Activation {
  return { variables: [], parent, rendering: parent.rendering };
}
