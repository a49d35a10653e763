import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../client/local/paths.ts';
import { RESPONSES, responseTo } from '../../domain/decide/endings.ts';
import { EFFECTS, graceMs, interruptsOf } from '../../domain/decide/interrupts.ts';

const page = readFileSync(join(packageRoot(), 'docs', 'run.md'), 'utf8');

/** Rows of the page's table whose header begins with these words, cell by cell. */
function table(...header: readonly string[]): string[][] {
  const lines = page.split('\n');
  const at = lines.findIndex((line) => cells(line).join('|').startsWith(header.join('|')));
  const end = lines.findIndex((line, index) => index > at && !line.startsWith('|'));
  return lines.slice(at + 2, end).map(cells);
}

function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('`', ''));
}

describe('docs/run.md', () => {
  test('says what interrupts what as the code has it', () => {
    const asked = ['stop', 'pause', 'resume', 'budget', 'cancel'] as const;
    const rows = Object.entries(EFFECTS).map(([standing, effects]) => [standing, ...asked.map((one) => effects[one])]);
    expect(table('Standing', ...asked)).toEqual(rows);
  });

  test('says what every failure does as the code has it', () => {
    const told = table('Failure').map(([failure, , does]) => [failure, does]);
    expect(Object.fromEntries(told)).toEqual(RESPONSES);
  });
});

describe('what interrupts a run', () => {
  test('a run that finishes hears only its budget, one that is paused only a stop', () => {
    expect(interruptsOf('finishing')).toEqual(['budget']);
    expect(interruptsOf('paused')).toEqual(['stop']);
    expect(interruptsOf('live')).toEqual(['stop', 'pause', 'budget']);
  });

  test('work has three times its usual time, never less than fifteen seconds, and a person waits no longer than ten minutes', () => {
    expect(graceMs('stop', { expectedMs: 20_000 })).toBe(60_000);
    expect(graceMs('stop', { expectedMs: 10 })).toBe(15_000);
    expect(graceMs('pause', { expectedMs: 3_600_000 })).toBe(600_000);
    expect(graceMs('budget', {})).toBe(15_000);
  });
});

describe('a failure', () => {
  test('of the key parks a run that has rented, and ends one that has not', () => {
    expect(responseTo('Unauthorized', { rented: true })).toBe('park');
    expect(responseTo('Unauthorized', { rented: false })).toBe('end');
  });

  test('of a kind that nobody named ends the run', () => {
    expect(responseTo(undefined, { rented: true })).toBe('end');
    expect(responseTo('TypeError', { rented: true })).toBe('end');
  });
});
