/** `multiple_choice`: the letter that an answer settles on is the reference's. */
import { answerOf } from './answer-after.ts';
import { lastBoxed } from './boxed.ts';
import type { TextGrader } from './grader.ts';

/** Further from the word that announces it stands another letter. */
const REACH = 200;

interface Mention {
  readonly letter: string;
  readonly at: number;
  readonly end: number;
  /** In brackets or quotes, so that it can be no word. */
  readonly marked: boolean;
}

/** A statement of which letter is right; without a letter it leaves it open between several. */
interface Statement {
  readonly at: number;
  readonly letter: string | undefined;
}

/** The last two: `not A, but B`. */
const ANNOUNCED =
  /\b(?:final(?=\s*:)|answer|option|choice|choose|chose|select|pick|go with|going with|it is|it['’]s|it must be|that leaves|(?<=\bnot\b[^.!?\n]{0,60})(?:but|rather))(?![\p{L}\p{N}])/giu;
/** What a conclusion begins with, where nothing else says which letter is right. */
const CONCLUDED =
  /(?<![\p{L}])(?:so|thus|hence|therefore|ergo|ans|solution|correct|conclusion)(?![\p{L}\p{N}]),?|[⇒→∴]|=>/giu;
/** Nothing but this may stand between the announcement and a letter without brackets. */
const DIRECT =
  /^(?:[^.!?\n]*?(?<![\p{L}])(?:is|be|was|as|with|are|but)(?![\p{L}])|[^.!?\n:=]*[:=])?[\s:=>"'“‘-]*(?:(?:the|clearly|definitely|probably|therefore|most likely|correct|right|best|option|choice|letter|answer|is)[\s:"'“‘]+)*$/iu;
const NEGATED =
  /(?<![\p{L}])(?:not|never|neither|nor|except|isn['’]t|cannot|can['’]t|rule out|wrong|incorrect|unlike)(?![\p{L}])[^,;]*$/iu;
const DENIED = /^[)\]"'”’\s]*(?:is|was|seems|would be)\s+(?:not|never|wrong|incorrect|false|out|un)/iu;
const CONFIRMED =
  /^[)\]"'”’:\s]*(?:[^.!?\n]{0,60}?[\s),])?(?:is|seems|must be|would be)\s+(?:clearly\s+)?(?:the\s+)?(?:most\s+|only\s+|one\s+)?(?:correct|right|best|true|answer|accurate)(?![\p{L}])/iu;
const ALTERNATIVE = /^[)\]"'”’\s]*(?:,|\/|or|and|&)[\s(["'“‘]*$/iu;
/** After `A` and `I` these go on about the letter; any other word makes an article or a pronoun of it. */
const ABOUT = /^\s+(?:is|was|because|since|as|for|and|or|but|seems|fits|would|must|should)(?![\p{L}])/u;

export function multipleChoice({ choices }: { choices: string }): TextGrader {
  const one = `[${choices}${choices.toLowerCase()}]`;
  // By itself: no part of a word, a compound, a contraction, or the name of a language (C++, C#).
  const mention = new RegExp(String.raw`(?<![\p{L}\p{N}\-'’])(${one})(?![\p{L}\p{N}+#]|[-'’][\p{L}\p{N}])`, 'gu');
  // It begins the answer, or is a line of its own.
  const leading = new RegExp(String.raw`^[\s("'“‘\[]*(${one})(?:[.):,\]"'”’]|\s*$|\s*\n)`, 'u');
  const alone = new RegExp(String.raw`^\W*(?:(?:option|choice)\s+)?(${one})\W*$`, 'iu');

  return {
    binary: true,
    refuses: (reference) =>
      lone(reference) === undefined ? `the reference must be one of the letters ${choices}` : undefined,
    score: (output, reference) => (chosen(output) === lone(reference) ? 1 : 0),
  };

  /** What it boxes; else the last it says is right; else a letter that stands alone, last or first; else in brackets. */
  function chosen(output: string): string | undefined {
    const { answer } = answerOf(output, undefined);
    return begun(plain(lastBoxed(answer) ?? '')) ?? settled(plain(answer));
  }

  function settled(text: string): string | undefined {
    const mentions = mentionsOf(text);
    const statement = [...announcements(text, mentions, ANNOUNCED), ...confirmations(text, mentions)]
      .toSorted((a, b) => a.at - b.at)
      .at(-1);
    if (statement !== undefined) return statement.letter;
    const last = text.trimEnd().split('\n').at(-1) ?? '';
    const standing = lone(last) ?? begun(text);
    if (standing !== undefined) return standing;
    const concluded = announcements(text, mentions, CONCLUDED).at(-1);
    return concluded === undefined ? mentions.findLast(({ marked }) => marked)?.letter : concluded.letter;
  }

  /** `B) because …` → `B` */
  function begun(text: string): string | undefined {
    return leading.exec(text)?.[1]?.toUpperCase();
  }

  /** `(b).`, `Option B` → `B` */
  function lone(text: string): string | undefined {
    return alone.exec(text)?.[1]?.toUpperCase();
  }

  function mentionsOf(text: string): readonly Mention[] {
    return [...text.matchAll(mention)].flatMap(({ 0: letter, index: at }) => {
      const end = at + letter.length;
      const marked =
        /[(["'“‘«]\s?$/u.test(text.slice(Math.max(0, at - 2), at)) && /^\s?[)\]"'”’»]/u.test(text.slice(end, end + 2));
      const found = { letter: letter.toUpperCase(), at, end, marked };
      return marked || !isWord(letter, text.slice(end, end + 20)) ? [found] : [];
    });
  }
}

/** The article, or the pronoun. */
function isWord(letter: string, after: string): boolean {
  if (!/[ai]/i.test(letter) || !/^\s+[\p{L}\p{N}]/u.test(after)) return false;
  return letter === letter.toLowerCase() || !ABOUT.test(after);
}

function announcements(text: string, mentions: readonly Mention[], words: RegExp): readonly Statement[] {
  const announced = [...text.matchAll(words)].map(({ 0: word, index }) => ({ at: index, end: index + word.length }));
  let first = 0;
  return announced.flatMap(({ at, end }): Statement[] => {
    while ((mentions[first]?.at ?? Infinity) < end) first += 1;
    const near = mentionsNear(mentions, first, end);
    const index = near.findIndex((one) => isStated(text, end, one));
    const found = near[index];
    if (found === undefined || DENIED.test(text.slice(found.end, found.end + 40))) return [];
    const next = near[index + 1];
    const open = next !== undefined && ALTERNATIVE.test(text.slice(found.end, next.at));
    return [{ at, letter: open ? undefined : found.letter }];
  });
}

function confirmations(text: string, mentions: readonly Mention[]): readonly Statement[] {
  return mentions.flatMap(({ letter, at, end }): Statement[] =>
    CONFIRMED.test(text.slice(end, end + REACH)) && !NEGATED.test(text.slice(Math.max(0, at - 30), at))
      ? [{ at, letter }]
      : [],
  );
}

/** At most a handful: whoever lists more settles on none. */
function mentionsNear(mentions: readonly Mention[], first: number, end: number): readonly Mention[] {
  return mentions.slice(first, first + 8).filter(({ at }) => at - end <= REACH);
}

function isStated(text: string, from: number, { at, marked }: Mention): boolean {
  const between = text.slice(from, at);
  if (NEGATED.test(between)) return false;
  // Of another sentence, unless the announcement ended in a colon.
  if (/[.!?]\s|[^:\s]\s*\n/u.test(between)) return false;
  return marked || DIRECT.test(between);
}

/** Without emphasis, quotation as code, mathematics and tags; letters of full width are letters. */
function plain(text: string): string {
  return text
    .replaceAll(/[\uff08\uff09\uff21-\uff3a\uff41-\uff5a]/g, (wide) => wide.normalize('NFKC'))
    .replaceAll(/<\/?answer>/gi, ' answer: ')
    .replaceAll(/\\(?:text|textbf|mathbf|mathrm|boxed|fbox)\s*\{([^{}]*)\}/g, '$1')
    .replaceAll(/\\[()[\]]/g, ' ')
    .replaceAll(/[*_`$]+/g, '');
}
