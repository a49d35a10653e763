/** The door for text from outside: no secret goes through it, nothing acts on a terminal, nothing is endless. */
import { Buffer } from 'node:buffer';
import { describe, expect, test } from '@jest/globals';
import { cutText, fromOutside, visible, visibleJson } from '../../domain/words/outside-text.ts';
import { redacting } from '../../domain/words/secrets.ts';

const SECRET = 'fw_Zq+/9=x?0123456789abcDEF';
const redact = redacting([SECRET, 'sandbox', 'k', '']);

describe('a secret', () => {
  test.each([
    ['as it is', SECRET],
    ['twice', `${SECRET} and ${SECRET}`],
    ['in other cases', `${SECRET.toUpperCase()} ${SECRET.toLowerCase()}`],
    ['in a URL', `https://x/?key=${encodeURIComponent(SECRET)}&y=1`],
    ['in a URL, in small letters', encodeURIComponent(SECRET).replaceAll(/%../g, (part) => part.toLowerCase())],
    ['in a URL, every byte', [...Buffer.from(SECRET)].map((byte) => `%${byte.toString(16)}`).join('')],
    ['in JSON', JSON.stringify({ key: SECRET })],
    ['as base64', Buffer.from(SECRET).toString('base64')],
    ['as a password of basic authorization', `Basic ${Buffer.from(`user:${SECRET}`).toString('base64')}`],
    ['as a user of basic authorization', `Basic ${Buffer.from(`${SECRET}:`).toString('base64')}`],
    ['in base64 of a longer text', Buffer.from(`{"a":"${SECRET}","b":1}`).toString('base64')],
    ['in base64 for URLs', Buffer.from(`ab:${SECRET}??>>`).toString('base64url')],
  ])('%s is taken out', (_, text) => {
    const clean = redact(`you sent ${text}, thanks`);
    expect(clean).toContain('[key]');
    expect(clean).toMatch(/^you sent .*, thanks$/);
    for (const piece of [SECRET, encodeURIComponent(SECRET), SECRET.slice(4, 14)]) {
      expect(clean.toLowerCase()).not.toContain(piece.toLowerCase());
    }
    // Nothing that is left of base64 holds a readable part of it.
    for (const run of clean.match(/[\w+/-]{8,}/g) ?? []) {
      for (const shift of [0, 1, 2, 3])
        expect(Buffer.from(run.slice(shift), 'base64').toString()).not.toContain('Zq+/9');
    }
  });

  test('of any length before the base64, in whichever of its three places', () => {
    for (let before = 0; before < 7; before++) {
      const text = Buffer.from(`${'u'.repeat(before)}:${SECRET}:${'v'.repeat(before)}`).toString('base64');
      expect(redact(`<${text}>`)).toBe('<[key]>');
    }
  });

  test('that is a word, or a letter, hides nothing: a path stays a path', () => {
    expect(redact('no such file: /home/sandbox/ledger, ask kindly')).toBe(
      'no such file: /home/sandbox/ledger, ask kindly',
    );
  });

  test('is looked for in time that grows with the text alone', () => {
    const text = 'QUJD'.repeat(300_000);
    const begun = process.cpuUsage();
    expect(redact(text)).toBe(text);
    // Were each place where a run may begin tried to its end, it would take hours.
    expect(process.cpuUsage(begun).user).toBeLessThan(20_000_000);
  });
});

describe('what came from outside', () => {
  test('is redacted before it is cut: no half of a secret is left', () => {
    for (let before = 180; before < 205; before++) {
      const told = fromOutside(`${'x'.repeat(before)}${SECRET} and more ${'y'.repeat(300)}`, redact, 200);
      expect(told).not.toContain(SECRET.slice(0, 4));
    }
  });

  test('is one line, and says how long it was', () => {
    expect(fromOutside(' a\r\n\n\tb ', redact)).toBe('a b');
    expect(fromOutside('z'.repeat(5_000), redact, 100)).toBe(`${'z'.repeat(100)}… (5,000 characters)`);
    expect(cutText('z'.repeat(100), 100)).toBe('z'.repeat(100));
    expect(cutText(`${'z'.repeat(99)}🙂🙂`, 100)).toBe(`${'z'.repeat(99)}… (103 characters)`);
  });
});

describe('on a terminal', () => {
  test.each([
    ['clears the screen', '\u001B[2Jgone', '\\u001b[2Jgone'],
    ['sets a title', '\u001B]0;owned\u0007', '\\u001b]0;owned\\u0007'],
    ['is a control sequence in one character', '\u009B31m', '\\u009b31m'],
    ['turns text around', 'txt.\u202Eexe', 'txt.\\u202eexe'],
    ['isolates', '\u2066a\u2069', '\\u2066a\\u2069'],
    ['goes back', 'safe\rrm -rf\b', 'safe\\u000drm -rf\\u0008'],
    ['is not seen', 'a\u200Bb\u{E0041}', 'a\\u200bb\\u{e0041}'],
    ['is half a character', '\uD800', '\\ud800'],
  ])('what %s is shown instead', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test.each(['a\tb\nc', 'žluťoučký kůň', '漢字', 'می‌خواهم', '👩‍👩‍👧', '€ — “quotes”'])('%j stays', (text) => {
    expect(visible(text)).toBe(text);
  });

  test('JSON shows it too, and is read back as it was', () => {
    const value = { text: '\u202Eabc\u009B\u{E0041}\u001B[2J' };
    const json = visibleJson(JSON.stringify(value));
    expect(json).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(json)).toEqual(value);
  });
});
