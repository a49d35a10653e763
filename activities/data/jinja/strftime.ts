/** Python's strftime for a day, and for a time of it where that is given; asking for a time that is not is refused. */
import { TemplateFault, unknownHere } from './values.ts';

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

const TIMES: Readonly<Record<string, (time: Date) => string>> = {
  '%H': (time) => padded(time.getUTCHours()),
  '%-H': (time) => String(time.getUTCHours()),
  '%I': (time) => padded(time.getUTCHours() % 12 || 12),
  '%-I': (time) => String(time.getUTCHours() % 12 || 12),
  '%p': (time) => (time.getUTCHours() < 12 ? 'AM' : 'PM'),
  '%M': (time) => padded(time.getUTCMinutes()),
  '%S': (time) => padded(time.getUTCSeconds()),
  '%f': () => '000000',
  '%T': (time) => time.toISOString().slice(11, 19),
  '%X': (time) => time.toISOString().slice(11, 19),
  '%R': (time) => time.toISOString().slice(11, 16),
  // Python's clock knows no zone unless it is told one.
  '%Z': () => '',
  '%z': () => '',
};

/** `date` is YYYY-MM-DD, or YYYY-MM-DDTHH:MM[:SS]; names are those of the C locale. */
export function strftime(date: string, format: string): string {
  const timed = date.includes('T');
  const day = new Date(timed ? `${date}Z` : `${date}T00:00:00Z`);
  return format.replace(/%-?[\s\S]?/g, (directive) => {
    if (!timed && directive in TIMES) {
      throw new TemplateFault(`strftime_now is asked for ${directive}: give data.date its time, as ${date}T09:30:00`);
    }
    const write = DIRECTIVES[directive] ?? TIMES[directive];
    if (write === undefined) throw unknownHere(`${directive} of strftime_now`);
    return write(day);
  });
}
