/** The parts of a parsed template. */
import type { Value } from './values.ts';

export interface Arguments {
  readonly args: readonly Expression[];
  readonly kwargs: readonly (readonly [name: string, value: Expression])[];
  readonly rest?: Expression | undefined;
  readonly restByName?: Expression | undefined;
}

export type BinarySign = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type CompareSign = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export type Expression =
  | { readonly kind: 'constant'; readonly value: Value }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'attribute'; readonly object: Expression; readonly name: string }
  | { readonly kind: 'item'; readonly object: Expression; readonly key: Expression }
  | { readonly kind: 'slice'; readonly object: Expression; readonly bounds: readonly (Expression | undefined)[] }
  | { readonly kind: 'call'; readonly callee: Expression; readonly call: Arguments; readonly line: number }
  | { readonly kind: 'filter'; readonly value: Expression | undefined; readonly name: string; readonly call: Arguments }
  | { readonly kind: 'test'; readonly value: Expression; readonly name: string; readonly call: Arguments }
  | { readonly kind: 'not' | 'negative' | 'positive'; readonly value: Expression }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'binary'; readonly sign: BinarySign; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'compare';
      readonly first: Expression;
      readonly rest: readonly (readonly [CompareSign, Expression])[];
    }
  | { readonly kind: 'concat' | 'list' | 'tuple'; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly pairs: readonly (readonly [Expression, Expression])[] }
  | {
      readonly kind: 'conditional';
      readonly test: Expression;
      readonly value: Expression;
      readonly otherwise: Expression | undefined;
    };

export type Target =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'namespace'; readonly name: string; readonly attribute: string }
  | { readonly kind: 'tuple'; readonly items: readonly Target[] };

export interface Signature {
  readonly parameters: readonly string[];
  /** Of the last parameters. */
  readonly defaults: readonly Expression[];
}

export interface For {
  readonly kind: 'for';
  readonly target: Target;
  readonly iterable: Expression;
  readonly test: Expression | undefined;
  readonly recursive: boolean;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
  readonly line: number;
}

export interface If {
  readonly kind: 'if';
  /** `if` and each `elif`. */
  readonly branches: readonly {
    readonly test: Expression;
    readonly body: readonly Statement[];
    readonly line: number;
  }[];
  readonly otherwise: readonly Statement[];
}

export interface Macro {
  readonly kind: 'macro';
  readonly name: string;
  readonly signature: Signature;
  readonly body: readonly Statement[];
  readonly line: number;
}

/** `{% call %}`, and transformers' `{% generation %}`, which has no call and gives what its body renders. */
export interface CallBlock {
  readonly kind: 'callBlock';
  readonly call: (Expression & { readonly kind: 'call' }) | undefined;
  readonly signature: Signature;
  readonly body: readonly Statement[];
  readonly line: number;
}

export type Statement =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly value: Expression; readonly line: number }
  | { readonly kind: 'set'; readonly target: Target; readonly value: Expression; readonly line: number }
  | {
      readonly kind: 'setBlock';
      readonly target: Target;
      readonly filter: Expression | undefined;
      readonly body: readonly Statement[];
      readonly line: number;
    }
  | {
      readonly kind: 'with';
      readonly targets: readonly Target[];
      readonly values: readonly Expression[];
      readonly body: readonly Statement[];
      readonly line: number;
    }
  | {
      readonly kind: 'filterBlock';
      readonly filter: Expression;
      readonly body: readonly Statement[];
      readonly line: number;
    }
  | { readonly kind: 'break' | 'continue'; readonly line: number }
  | For
  | If
  | Macro
  | CallBlock;
