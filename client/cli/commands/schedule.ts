/** `pawl schedule add|list|show|pause|resume|run|backfill|remove`: runs and sweeps by the calendar. */
import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { OVERLAPS } from '../../../domain/spec/schedule-spec.ts';
import { timeOf } from '../../../domain/words/calendar.ts';
import { notifyProblems } from '../../../files/experiment/notify-checks.ts';
import { loadSchedule } from '../../../files/schedule-file.ts';
import { scheduleLines, scheduleTable } from '../render/schedule-lines.ts';
import { act, outputOption, withRuns } from './command.ts';
import { EXIT } from './exit-codes.ts';

const HELP = `
A schedule file names an experiment, or a sweep, and a calendar:

  name: nightly
  experiment: pronounce.yaml
  cron: "30 3 * * mon-fri"            # or several in a list, or every: 6h
  timeZone: Europe/Berlin
  overlap: skip                       # skip | wait | cancel-other | allow
  set: { data.train: logs/{date}.jsonl }
  startFrom: alias:prod               # each run begins with what is champion then

Examples:
  pawl schedule add examples/nightly.yaml      from now on it fires, whoever is logged in
  pawl schedule show nightly                   what came of it, what was skipped or missed and why, the next ten times
  pawl schedule run nightly                    once now, beside its calendar
  pawl schedule backfill nightly --from 2026-11-20 --until 2026-11-27
  pawl schedule pause nightly --note "new data is late"

docs/schedules.md has the rest.
`;

const NAME = 'name of the schedule';

export function addScheduleCommand(program: Command): void {
  const schedule = program
    .command('schedule')
    .description('run an experiment or a sweep by the calendar')
    .addHelpText('after', HELP);
  addAdd(schedule);
  addLooks(schedule);
  addRests(schedule);
  addFirings(schedule);
}

function addAdd(schedule: Command): void {
  schedule
    .command('add')
    .description('make a schedule of a file; its times begin now')
    .argument('<file>', 'schedule file (YAML)')
    .option('--replace', 'change the schedule of this name, if there is one')
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, file, { replace = false, output: format }) => {
        const loaded = await loadSchedule(file);
        return withRuns(config, async ({ schedules, notify }) => {
          const unknown = notifyProblems(loaded.schedule.spec.notify, await notify.check(config.home));
          if (unknown.length > 0) throw loaded.errorOf(unknown);
          const sight = await schedules.add(loaded, { replace });
          const { name, timeZone } = loaded.schedule.spec;
          if (format === 'json') output.printJson({ name, next: sight?.next ?? [] }, { line: true });
          else
            output.print(
              `${name} fires next at ${sight?.next[0] ?? 'no time'} (${timeZone}): pawl schedule show ${name}`,
            );
          return EXIT.ok;
        });
      }),
    );

  schedule
    .command('remove')
    .description('fire no more; what it started goes on')
    .argument('<name>', NAME)
    .action(
      act(async ({ config, output }, name) =>
        withRuns(config, async ({ schedules }) => {
          await schedules.remove(name);
          output.print(`${name} is removed. What it started goes on: pawl list`);
          return EXIT.ok;
        }),
      ),
    );
}

function addLooks(schedule: Command): void {
  schedule
    .command('list')
    .description('list schedules with their next and last times')
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, { output: format }) =>
        withRuns(config, async (runs) => {
          const { schedules, stale } = await runs.schedules.list();
          if (stale !== undefined) output.note(`pawl: warning: ${stale}`);
          if (format === 'json') output.printJson(schedules);
          else
            output.print(
              schedules.length === 0 ? 'no schedules yet: `pawl schedule add FILE`' : scheduleTable(schedules),
            );
          return EXIT.ok;
        }),
      ),
    );

  schedule
    .command('show')
    .description('show what came of a schedule, what did not fire and why, and its next ten times')
    .argument('<name>', NAME)
    .option('--limit <number>', 'so many of its last times', positive, 20)
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, name, { limit, output: format }) =>
        withRuns(config, async ({ schedules }) => {
          const { schedule: details, stale } = await schedules.show(name, { limit });
          if (stale !== undefined) output.note(`pawl: warning: ${stale}`);
          if (format === 'json') output.printJson(details, { line: true });
          else output.print(scheduleLines(details).join('\n'));
          return EXIT.ok;
        }),
      ),
    );
}

function addRests(schedule: Command): void {
  schedule
    .command('pause')
    .description('let no time fire until it is resumed; what runs goes on')
    .argument('<name>', NAME)
    .option('--note <text>', 'why, for whoever finds it paused')
    .action(
      act(async ({ config, output }, name, { note }) =>
        withRuns(config, async ({ schedules }) => {
          await schedules.pause(name, { note });
          output.print(`${name} is paused. Go on with: pawl schedule resume ${name}`);
          return EXIT.ok;
        }),
      ),
    );

  schedule
    .command('resume')
    .description('go on with a paused schedule; what was due meanwhile is not made up for')
    .argument('<name>', NAME)
    .action(
      act(async ({ config, output }, name) =>
        withRuns(config, async ({ schedules }) => {
          const sight = await schedules.resume(name);
          output.print(`${name} goes on, next at ${sight?.next[0] ?? 'no time'}`);
          return EXIT.ok;
        }),
      ),
    );
}

function addFirings(schedule: Command): void {
  const overlapOption = (): Option<'--overlap <policy>'> =>
    new Option('--overlap <policy>', 'where a run of it goes on').choices(OVERLAPS);
  schedule
    .command('run')
    .description('fire once now, beside the calendar')
    .argument('<name>', NAME)
    .addOption(overlapOption())
    .action(
      act(async ({ config, output }, name, { overlap }) =>
        withRuns(config, async ({ schedules }) => {
          await schedules.fire(name, { overlap: OVERLAPS.find((one) => one === overlap) });
          output.print(`${name} fires: pawl schedule show ${name}`);
          return EXIT.ok;
        }),
      ),
    );

  schedule
    .command('backfill')
    .description('fire for every time that was due between two days; one that fired then is not run again')
    .argument('<name>', NAME)
    .requiredOption('--from <time>', 'a day (of the zone of --time-zone), or a time with its offset', time)
    .requiredOption('--until <time>', 'a day, whose beginning it is, or a time with its offset', time)
    .option('--time-zone <zone>', 'of days', 'UTC')
    .addOption(overlapOption().default('wait', 'wait: one after the other'))
    .action(
      act(async ({ config, output }, name, { from, until, timeZone, overlap }) =>
        withRuns(config, async ({ schedules }) => {
          const at = (text: string): string => new Date(timeOf(text, timeZone)).toISOString();
          const policy = OVERLAPS.find((one) => one === overlap) ?? 'wait';
          const times = await schedules.backfill(name, { from: at(from), until: at(until), overlap: policy });
          output.print(`${name} fires for ${times.length} times: pawl schedule show ${name}`);
          return EXIT.ok;
        }),
      ),
    );
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('Write a whole number from 1 on.');
}

function time(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}(T.*(Z|[+-]\d{2}:\d{2}))?$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('Write a day, e.g. 2026-11-20, or a time with its offset, e.g. 2026-11-20T06:00:00Z.');
}
