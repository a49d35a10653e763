/** `pawl doctor`: what pawl needs, whether it is there, and what to do if not. */
import type { Command } from '@commander-js/extra-typings';
import { diagnose } from '../../local/doctor.ts';
import { checkLines } from '../render/check-lines.ts';
import { act, outputOption } from './command.ts';
import { EXIT } from './exit-codes.ts';

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check what pawl needs, and say what to do; exits with 1 if something is missing')
    .addOption(outputOption())
    .action(
      act(async ({ config, output }, { output: format }) => {
        const checks = await diagnose(config);
        if (format === 'json') output.printJson(checks);
        else output.print(checkLines(checks, output.colours).join('\n'));
        return checks.some(({ status }) => status === 'fail') ? EXIT.failed : EXIT.ok;
      }),
    );
}
