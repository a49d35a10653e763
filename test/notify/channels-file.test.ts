/** notify.yaml, and who names its channels: what is wrong is told with file, line and remedy, before anything is submitted. */
import { expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { channelCheck, loadChannels } from '../../files/channels-file.ts';
import { loadExperiment } from '../../files/experiment/experiment-file.ts';
import { writeExperiment } from '../e2e/experiment.ts';
import { newFolder } from '../store/fixtures.ts';

test('a home without one has no channels; one that is wrong says where', async () => {
  const home = await newFolder();
  expect(await loadChannels(home)).toEqual({ channels: {}, default: { channels: [] } });
  const path = join(home, 'notify.yaml');
  const ops = { kind: 'webhook', url: 'https://hooks.example.com/T0KEN', secret: 'PAWL_NOTIFY_SECRET' };
  await writeFile(path, stringify({ channels: { ops }, default: { channels: ['ops'] } }));
  await expect(loadChannels(home)).rejects.toThrow(/notify\.yaml:4:5 channels\.ops\.url: .*PAWL_NOTIFY_/);
  const channels = { ops: { ...ops, url: 'PAWL_NOTIFY_URL' } };
  await writeFile(path, stringify({ channels, default: { channels: ['opps'] } }));
  await expect(loadChannels(home)).rejects.toThrow(/notify\.yaml:7:3 default\.channels\.0: .*no channel opps/);
});

test('an experiment that names what is not there, or cannot be used, is refused with its line', async () => {
  const home = await newFolder();
  const channels = {
    ops: { kind: 'webhook', url: 'PAWL_NOTIFY_URL', secret: 'PAWL_NOTIFY_SECRET' },
    new: { kind: 'slack', url: 'PAWL_NOTIFY_NEW' },
  };
  await writeFile(join(home, 'notify.yaml'), stringify({ channels }));
  const problem = 'PAWL_NOTIFY_SECRET is not set where workers run: set it, and restart them';
  const file = await loadChannels(home);
  const check = channelCheck(file, [{ name: 'ops', kind: 'webhook', problem }]);
  const path = writeExperiment(join(home, 'tried'), { notify: { channels: ['ops', 'new', 'nobody'] } });
  const loading = loadExperiment(path, { channels: check });
  await expect(loading).rejects.toThrow(
    /experiment\.yaml:\d+:3 notify\.channels\.0: channel "ops" cannot be used: PAWL_NOTIFY_SECRET/,
  );
  await expect(loading).rejects.toThrow('the workers do not know channel "new" yet. Restart them.');
  await expect(loading).rejects.toThrow('there is no channel "nobody" in notify.yaml. There are: ops, new');
  // Before any worker said a word, whatever is in the file may be used.
  const spec = await loadExperiment(path, {
    channels: (name) => (name === 'nobody' ? undefined : channelCheck(file, [])(name)),
  });
  expect(spec.notify?.channels).toEqual(['ops', 'new', 'nobody']);
});
