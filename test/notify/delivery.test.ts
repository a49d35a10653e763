/** Deliveries to real receivers: signed, in order, at least once under one id, each channel for itself, nothing secret told. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNotifyActivities } from '../../activities/index.ts';
import { openChannels, requireChannels, type Channels } from '../../activities/notify/channels.ts';
import { routeAnnouncements } from '../../activities/notify/route.ts';
import { ChannelsFile } from '../../domain/spec/channels-spec.ts';
import type { Announcement } from '../../domain/words/announcements.ts';
import { openStore, type Store } from '../../store/index.ts';
import { newFolder, newRun } from '../store/fixtures.ts';
import { openMailServer, openReceiver, SECRET, type Answer, type Receiver } from './receivers.ts';

const PASSWORD = 'correct horse/battery';
let folder: string;
let store: Store;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await newFolder();
  store = await openStore({ path: join(folder, 'pawl.db') });
  for (const run of ['night-1', 'night-2']) await store.saveRun(newRun(run));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await store.close();
});

async function receiver(answer?: Answer): Promise<Receiver> {
  const opened = await openReceiver(answer);
  closing.push(async () => opened.close());
  return opened;
}

function channelsTo(secrets: Record<string, string>, more: object = {}, commands = false): Channels {
  const file = ChannelsFile.parse({
    channels: {
      ops: { kind: 'webhook', url: 'PAWL_NOTIFY_URL', secret: 'PAWL_NOTIFY_SECRET' },
      team: { kind: 'slack', url: 'PAWL_NOTIFY_TEAM' },
      me: { kind: 'email', smtp: 'PAWL_NOTIFY_SMTP', from: 'pawl@example.com', to: ['me@example.com'] },
      ...more,
    },
    default: { channels: ['ops'] },
  });
  return openChannels({ file, secrets: new Map(Object.entries({ PAWL_NOTIFY_SECRET: SECRET, ...secrets })), commands });
}

function event(run: string, ordinal: number, change: Partial<Announcement> = {}): Announcement {
  const title = `${run} number ${ordinal}`;
  return { kind: 'run.rewound', subject: { kind: 'run', id: run }, ordinal, title, data: { rewinds: 9 }, ...change };
}

async function announce(channels: Channels, ...events: readonly Announcement[]): Promise<void> {
  for (const one of events) await store.announce(one);
  await routeAnnouncements(store, channels);
}

/** As the courier does, until nothing is left, or it would have to wait for longer than a test does. */
async function deliverAll(channels: Channels, channel: string, patienceMs = 4_000): Promise<number | undefined> {
  const activities = createNotifyActivities({ store, channels });
  for (;;) {
    const round = (): Promise<{ nextInMs?: number }> => activities.deliver({ channel });
    const { nextInMs } = (await new MockActivityEnvironment().run(round)) as { nextInMs?: number };
    if (nextInMs === undefined || nextInMs > patienceMs) return nextInMs;
    await sleep(nextInMs);
  }
}

describe('a webhook', () => {
  test('is signed as Standard Webhooks has it, with an id that stays over attempts', async () => {
    const ops = await receiver((_, before) => ({ status: before.length === 0 ? 503 : 204 }));
    const channels = channelsTo({ PAWL_NOTIFY_URL: `${ops.url}/signed` });
    await announce(channels, event('night-1', 2));
    expect(await deliverAll(channels, 'ops')).toBeUndefined();
    expect(ops.received.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'run:night-1:run_rewound:2 503',
      'run:night-1:run_rewound:2 204',
    ]);
    const [first, second] = ops.received;
    expect(second?.body).toBe(first?.body);
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      type: 'run.rewound',
      data: { title: 'night-1 number 2', subject: { kind: 'run', id: 'night-1' }, rewinds: 9 },
    });
  });

  test('keeps the order of a subject, and lets another one pass', async () => {
    const ops = await receiver((id, before) => {
      const fails = id.includes('night-1') && before.every((one) => one.id !== id);
      return { status: fails ? 500 : 200 };
    });
    const channels = channelsTo({ PAWL_NOTIFY_URL: `${ops.url}/signed` });
    await announce(channels, event('night-1', 2), event('night-1', 3), event('night-2', 2));
    expect(await deliverAll(channels, 'ops')).toBeUndefined();
    const taken = ops.received.filter(({ status }) => status === 200).map(({ id }) => id.replace(':run_rewound', ''));
    expect(taken).toEqual(['run:night-2:2', 'run:night-1:2', 'run:night-1:3']);
  });

  test('that redirects is not followed', async () => {
    const elsewhere = await receiver();
    const ops = await receiver(() => ({ status: 307, headers: { location: `${elsewhere.url}/signed` } }));
    const channels = channelsTo({ PAWL_NOTIFY_URL: `${ops.url}/signed` });
    await announce(channels, event('night-1', 2));
    await deliverAll(channels, 'ops', 0);
    expect(elsewhere.received).toEqual([]);
    const problem = 'it redirects (307), which is not followed: give the address itself';
    expect(await store.undelivered(1)).toMatchObject([{ state: 'waiting', attempts: 1, problem }]);
  });

  test('that is gone is given up, and what comes after it goes on', async () => {
    const ops = await receiver((_, before) => ({ status: before.length === 0 ? 410 : 200 }));
    const channels = channelsTo({ PAWL_NOTIFY_URL: `${ops.url}/signed` });
    await announce(channels, event('night-1', 2), event('night-1', 3));
    expect(await deliverAll(channels, 'ops')).toBeUndefined();
    expect(ops.received.map(({ status }) => status)).toEqual([410, 200]);
    expect(await store.undelivered(9)).toMatchObject([{ state: 'given-up', problem: 'it answered 410' }]);
  });

  test('says how long to wait, and is waited for', async () => {
    const ops = await receiver(() => ({ status: 429, headers: { 'retry-after': '120' } }));
    const channels = channelsTo({ PAWL_NOTIFY_URL: `${ops.url}/signed` });
    await announce(channels, event('night-1', 2));
    expect(await deliverAll(channels, 'ops')).toBeGreaterThan(100_000);
  });

  test('quotes what it was sent: no secret of any channel is kept', async () => {
    const token = 'T0KEN-that-is-in-the-path';
    const body = `no: ${SECRET} /${token} ${encodeURIComponent(PASSWORD)} \u001b[2J`;
    const ops = await receiver(() => ({ status: 500, body }));
    const smtp = `smtp://me:${encodeURIComponent(PASSWORD)}@127.0.0.1:1`;
    const channels = channelsTo({ PAWL_NOTIFY_URL: `${ops.url}/${token}`, PAWL_NOTIFY_SMTP: smtp });
    await announce(channels, event('night-1', 2, { notify: { channels: ['ops', 'me'] } }));
    for (const name of ['ops', 'me']) await deliverAll(channels, name, 0);
    const told = JSON.stringify(await store.undelivered(9));
    expect(told).toContain('it answered 500: no: [key] /[key] [key]');
    expect(told).toContain('the mail server cannot be used (E');
    for (const secret of [SECRET.slice(6), token, PASSWORD, 'horse']) expect(told).not.toContain(secret);
  });
});

describe('channels', () => {
  test('that are dead or slow hold up no other; what was cut off is sent again', async () => {
    const team = await receiver();
    const ops = await receiver(() => 'never');
    const channels = channelsTo({ PAWL_NOTIFY_URL: `${ops.url}/signed`, PAWL_NOTIFY_TEAM: team.url });
    await announce(channels, event('night-1', 2, { notify: { channels: ['ops', 'team'] } }));
    const environment = new MockActivityEnvironment();
    const slow = environment.run(() => createNotifyActivities({ store, channels }).deliver({ channel: 'ops' }));
    const ended = expect(slow).rejects.toThrow();
    expect(await deliverAll(channels, 'team')).toBeUndefined();
    expect(team.received).toHaveLength(1);
    environment.cancel();
    await ended;
    expect(await store.heads('ops', 9)).toMatchObject([{ state: 'waiting', attempts: 0 }]);
  });

  test('a Slack text wakes nobody by what a run says', async () => {
    const team = await receiver();
    const channels = channelsTo({ PAWL_NOTIFY_TEAM: team.url });
    const title = 'failed: <!channel> & <https://evil|click>';
    await announce(channels, event('night-1', 2, { title, notify: { channels: ['team'] } }));
    await deliverAll(channels, 'team');
    const { text } = JSON.parse(team.received[0]?.body ?? '') as { text: string };
    expect(text).toContain('failed: &lt;!channel&gt; &amp; &lt;https://evil|click&gt;');
  });

  test('mail: refused at first, taken then, under one Message-ID; a title is no header', async () => {
    const mail = await openMailServer(PASSWORD, 1);
    closing.push(async () => mail.close());
    const channels = channelsTo({ PAWL_NOTIFY_SMTP: mail.url });
    const title = 'night-1 failed\r\nBcc: everybody@example.com';
    await announce(channels, event('night-1', 2, { title, notify: { channels: ['me'] } }));
    expect(await deliverAll(channels, 'me')).toBeUndefined();
    expect(mail.mails).toHaveLength(1);
    const [head = ''] = mail.mails[0]?.split('\r\n\r\n') ?? [];
    expect(head).toMatch(/^Message-ID: <[0-9a-f]+@pawl>$/im);
    expect(head).toMatch(/^X-Pawl-Event: run:night-1:run_rewound:2$/im);
    expect(head).not.toMatch(/^Bcc:/im);
  });

  test('the mail of an end carries its report, which names no channel’s secret', async () => {
    const mail = await openMailServer(PASSWORD);
    closing.push(async () => mail.close());
    const channels = channelsTo({ PAWL_NOTIFY_SMTP: mail.url });
    await store.updateRun('night-1', { phase: 'done', step: 40, generation: 1, outcome: 'finished', reason: 'target' });
    await announce(channels, event('night-1', 1, { kind: 'run.finished', notify: { channels: ['me'] } }));
    expect(await deliverAll(channels, 'me')).toBeUndefined();
    const [message = ''] = mail.mails;
    expect(message).toMatch(/Content-Disposition: attachment; filename="?night-1\.html/i);
    const encoded = message.split(/Content-Disposition: attachment[^]*?\r\n\r\n/i)[1]?.split('\r\n--')[0] ?? '';
    const report = Buffer.from(encoded, 'base64').toString('utf8');
    expect(`${encoded}${report}`).toContain('night-1: finished');
    expect(`${message}${report}`).not.toContain(PASSWORD);
  });

  test('a command has the event on its input and no secret around it; without leave it is not run', async () => {
    const out = join(folder, 'told.json');
    const script = join(folder, 'tell.mjs');
    await writeFile(
      script,
      `import { readFileSync, writeFileSync } from 'node:fs';
       writeFileSync(${JSON.stringify(out)}, JSON.stringify({ event: JSON.parse(readFileSync(0)), env: process.env }));`,
    );
    const bell = { bell: { kind: 'command', command: [process.execPath, script] } };
    await announce(channelsTo({}, bell), event('night-1', 2, { notify: { channels: ['bell'] } }));
    await deliverAll(channelsTo({}, bell), 'bell', 0);
    const [refused] = await store.undelivered(1);
    expect(refused?.problem).toContain('PAWL_NOTIFY_COMMANDS=allow');
    expect(await deliverAll(channelsTo({}, bell, true), 'bell')).toBeUndefined();
    const told = JSON.parse(await readFile(out, 'utf8')) as { event: { type: string }; env: object };
    expect(told.event.type).toBe('run.rewound');
    expect(Object.keys(told.env).filter((name) => /SECRET|KEY|NOTIFY/.test(name))).toEqual([]);
  });

  test('that cannot be used are told before anything is rented: which variable, and what to do', () => {
    const channels = channelsTo({ PAWL_NOTIFY_URL: 'ftp://x', PAWL_NOTIFY_TEAM: 'https://hooks.example.com/x' });
    const naming = (name: string) => (): void => requireChannels(channels, { channels: [name] });
    expect(naming('team')).not.toThrow();
    expect(naming('me')).toThrow('PAWL_NOTIFY_SMTP is not set where workers run: set it, and restart them');
    expect(naming('ops')).toThrow(/^notify\.channels: PAWL_NOTIFY_URL is not what it must be/);
    expect(naming('nobody')).toThrow('there is no channel nobody in notify.yaml');
  });
});

test('who is told: whom the experiment names, else the default; of a trial only what its sweep cannot tell', async () => {
  const channels = channelsTo({});
  const { spec } = newRun('x');
  await store.saveRun({ ...newRun('mine'), spec: { ...spec, notify: { channels: ['me'], rewinds: 10 } } });
  await store.saveRun({ ...newRun('trial'), spec: { ...spec, tags: ['sweep', 'rates-1'] } });
  await announce(
    channels,
    event('night-1', 2),
    event('night-1', 3, { data: { rewinds: 3 } }),
    event('mine', 2),
    event('mine', 3, { data: { rewinds: 11 } }),
    event('trial', 1, { kind: 'run.finished' }),
    event('trial', 2, { kind: 'orphan.found' }),
    event('lost', 1, { kind: 'run.failed' }),
  );
  const told = (await store.undelivered(9)).map(({ channel, announcement }) => `${channel}: ${announcement.title}`);
  expect(told.reverse()).toEqual([
    'ops: night-1 number 2',
    'me: mine number 3',
    'ops: trial number 2',
    'ops: lost number 1',
  ]);
});
