/** `pawl backup DIR` and `pawl restore DIR`: the store and the artifacts of a home, copied whole and put back whole. */
import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { backUp, restore } from '../../../store/backup/backup.ts';
import { UserError } from '../../errors.ts';
import { readStack } from '../../local/stack-file.ts';
import { act } from './command.ts';
import { EXIT } from './exit-codes.ts';

const TOGETHER = `
What belongs together: the store, its artifacts, and the database of Temporal that its runs live in. A backup holds the
first two, as of one moment, while workers go on. A run that has gone further since notices an older store with its next
record, and writes again what it holds; metrics of steps and samples recorded in between are gone. Without its Temporal a
restored store is a record to read: no run of it goes on. What is rented is found by \`pawl reconcile\`.
`;

export function addBackupCommand(program: Command): void {
  program
    .command('backup')
    .description('copy the store and the artifacts into a new folder, while workers go on')
    .argument('<folder>', 'a folder that is not there yet')
    .addHelpText('after', TOGETHER)
    .action(
      act(async ({ config, output }, folder) => {
        const { files } = await backUp(config.home, resolve(folder));
        output.print(`backed up ${config.home} to ${resolve(folder)}: ${Object.keys(files).length} files, hashed`);
        return EXIT.ok;
      }),
    );
}

export function addRestoreCommand(program: Command): void {
  program
    .command('restore')
    .description('put a backup into a home that has no store; every file is verified first')
    .argument('<folder>', 'what `pawl backup` made')
    .addHelpText('after', TOGETHER)
    .action(
      act(async ({ config, output }, folder) => {
        const stack = await readStack(config.home);
        if (stack !== undefined) {
          throw new UserError(`${config.home} is in use: its stack runs (process ${stack.pid}).`, 'Stop it first.');
        }
        const { files, madeAt } = await restore(resolve(folder), config.home);
        output.print(`restored ${Object.keys(files).length} files of ${madeAt} to ${config.home}`);
        return EXIT.ok;
      }),
    );
}
