/** Durations as a person would say them. Pure. */

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** `15 s`, `30 m`, `24 h`, `7 d`, `1 h 30 m`: whole units, the two greatest that are needed; a day is 24 h. */
export function spanText(hours: number): string {
  let rest = Math.max(1, Math.round(hours * 3_600));
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS) {
    const isLone = unit === 'd' && rest < 2 * seconds;
    const count = isLone ? 0 : Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}
