/** Python's strftime for a day; the time of day is not known, and asking for it is refused. */
import { unknownHere } from './values.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const padded = (value: number, width = 2): string => String(value).padStart(width, '0');

function dayOfYear(day: Date): number {
  return Math.round((day.getTime() - Date.UTC(day.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
}

const DIRECTIVES: Readonly<Record<string, (day: Date) => string>> = {
  '%%': () => '%',
  '%Y': (day) => String(day.getUTCFullYear()),
  '%y': (day) => padded(day.getUTCFullYear() % 100),
  '%m': (day) => padded(day.getUTCMonth() + 1),
  '%-m': (day) => String(day.getUTCMonth() + 1),
  '%d': (day) => padded(day.getUTCDate()),
  '%-d': (day) => String(day.getUTCDate()),
  '%e': (day) => String(day.getUTCDate()).padStart(2),
  '%B': (day) => MONTHS[day.getUTCMonth()] ?? '',
  '%b': (day) => (MONTHS[day.getUTCMonth()] ?? '').slice(0, 3),
  '%A': (day) => DAYS[day.getUTCDay()] ?? '',
  '%a': (day) => (DAYS[day.getUTCDay()] ?? '').slice(0, 3),
  '%w': (day) => String(day.getUTCDay()),
  '%u': (day) => String(day.getUTCDay() || 7),
  '%j': (day) => padded(dayOfYear(day), 3),
  '%F': (day) => day.toISOString().slice(0, 10),
  '%D': (day) => `${padded(day.getUTCMonth() + 1)}/${padded(day.getUTCDate())}/${padded(day.getUTCFullYear() % 100)}`,
  '%x': (day) => `${padded(day.getUTCMonth() + 1)}/${padded(day.getUTCDate())}/${padded(day.getUTCFullYear() % 100)}`,
};

/** `date` is YYYY-MM-DD; names are those of the C locale. */
export function strftime(date: string, format: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  return format.replace(/%-?[\s\S]?/g, (directive) => {
    const write = DIRECTIVES[directive];
    if (write === undefined) throw unknownHere(`${directive} of strftime_now, of a day without its time`);
    return write(day);
  });
}
