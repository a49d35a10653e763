/** What is worth telling about rows that are not refused: counted while they are read, said once, with their share. */

/** A kind of notice, perhaps with what it is about: `ignored:source`. */
export type Notice = string;

export const REASONING_OPENED = 'reasoning-opened';
export const NO_END = 'no-end';
export const OTHER_END = 'other-end';
export const BEGINNING_ADDED = 'beginning-added';
export const BEGINNING_LACKING = 'beginning-lacking';
export const WEIGHT_ZERO = 'weight-0';
export const EQUAL_PAIR = 'equal-pair';
export const ignoredColumn = (name: string): Notice => `ignored:${name}`;
export const readAs = (format: string): Notice => `read-as:${format}`;

const SAYINGS: Readonly<Record<string, (about: string) => string>> = {
  [REASONING_OPENED]: () =>
    'the prompt that asks opens a block of reasoning that the rendered answer does not begin with; trained from where both part, as TRL does',
  [NO_END]: () =>
    'an answer ends in no special token: nothing teaches the model to stop; set data.endToken, or a chat template that ends turns',
  [OTHER_END]: (about) =>
    `no answer ends in data.endToken ${about}, at which samples stop: the model never learns to write it; set data.endToken to what the chat template writes`,
  [BEGINNING_ADDED]: (about) =>
    `${about} is put before the prompt, as transformers does with this tokenizer (data.addBeginning: false leaves it out)`,
  [BEGINNING_LACKING]: (about) => `the prompt has no ${about} before it, which transformers would put there`,
  [WEIGHT_ZERO]: () => 'left out: its weight, or that of all its answers, is 0',
  [EQUAL_PAIR]: () =>
    'chosen and rejected are the same: nothing is preferred, and losses that only compare learn nothing from it',
  ignored: (about) => `the column ${about} is not used`,
  'read-as': (about) => `read as ${about} (data.format says it without this notice)`,
};

/** What the model would learn wrongly if it goes on unseen. */
const WARNINGS = new Set([NO_END, OTHER_END, BEGINNING_LACKING, REASONING_OPENED, EQUAL_PAIR]);

export interface NoticeLine {
  readonly notice: Notice;
  readonly level: 'info' | 'warn';
  readonly message: string;
}

/** `7 of 1000 rows: …`, one line for each kind of notice. */
export function noticeLines(counts: Readonly<Record<Notice, number>>, rows: number): NoticeLine[] {
  return Object.entries(counts).map(([notice, count]) => {
    const at = notice.indexOf(':');
    const kind = at < 0 ? notice : notice.slice(0, at);
    const about = at < 0 ? '' : notice.slice(at + 1);
    const share = count === rows ? `all ${rows} rows` : `${count} of ${rows} rows`;
    const message = `${share}: ${SAYINGS[kind]?.(about) ?? notice}`;
    return { notice, level: WARNINGS.has(kind) ? 'warn' : 'info', message };
  });
}
