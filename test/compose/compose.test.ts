import { describe, expect, test } from '@jest/globals';
import Ajv2019 from 'ajv/dist/2019.js';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { packageRoot } from '../../client/local/paths.ts';
import { readConfig } from '../../worker/config.ts';
import { composeDocument, composeFile } from './compose-file.ts';

const root = packageRoot();
const file = (...names: string[]): string => readFileSync(join(root, ...names), 'utf8');

const secrets = { POSTGRES_PASSWORD: 'test-password', FIREWORKS_API_KEY: 'test-key' };
const { services, volumes } = composeFile(secrets);
const each = Object.entries(services);

/** Whatever names these holds a secret. */
const SECRET = /PASSWORD|PWD|API_KEY|TOKEN|SECRET/;

function validate(document: unknown): string[] {
  // The ids are draft 4's and the draft's name is not its own (http for https): ajv knows neither, and needs neither.
  const withoutNames = (key: string, value: unknown): unknown =>
    ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value;
  const text = file('test', 'compose', 'specification', 'compose-spec.json');
  const schema = JSON.parse(text, withoutNames) as object;
  const ajv = new Ajv2019.default({ strict: false, validateFormats: false });
  ajv.validate(schema, document);
  return (ajv.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`);
}

describe('docker-compose.yml', () => {
  test('follows the Compose specification', () => {
    expect(validate(composeDocument())).toEqual([]);
  });

  test('would be refused with a key that the specification does not know', () => {
    expect(validate({ services: { worker: { image: 'x', imgae: 'y' } } })).toContain(
      '/services/worker must NOT have additional properties',
    );
  });

  test('has a health check for every service, or says why not', () => {
    const neither = each.filter(([, service]) => !service.healthcheck === !service['x-no-healthcheck']);
    expect(neither.map(([name]) => name)).toEqual([]);
  });

  test('waits only for what can be waited for', () => {
    for (const [name, service] of each) {
      for (const [other, { condition }] of Object.entries(service.depends_on)) {
        const needed = services[other];
        expect([name, other, needed?.profiles]).toEqual([name, other, []]);
        expect([name, other, condition === 'service_healthy']).toEqual([
          name,
          other,
          needed?.healthcheck !== undefined,
        ]);
      }
    }
  });

  test('pins every image to one release', () => {
    for (const [name, { image }] of each)
      expect([name, image]).toEqual([name, expect.stringMatching(/:\d+\.\d+[\w.-]*$/)]);
  });

  test('names its own image after the version in package.json', () => {
    const { version } = JSON.parse(file('package.json')) as { version: string };
    expect(services['worker']?.image).toBe(`pawl:${version}`);
  });

  test.each(Object.keys(secrets))('is refused without %s, and holds no value for it', (name) => {
    expect(() => composeFile({ ...secrets, [name]: '' })).toThrow(`required variable ${name} is missing a value`);
  });

  test('takes every secret from the environment', () => {
    const document = composeDocument() as { services: Record<string, { environment?: object }> };
    const literal = Object.entries(document.services).flatMap(([service, { environment = {} }]) =>
      Object.entries(environment)
        .filter(([name, value]) => SECRET.test(name) && !/^\$\{[A-Z_]+:\?.+\}$/.test(String(value)))
        .map(([name]) => `${service}: ${name}`),
    );
    expect(literal).toEqual([]);
  });

  test('gives the platform’s key to workers alone', () => {
    const holders = each.filter(([, service]) => 'FIREWORKS_API_KEY' in service.environment).map(([name]) => name);
    expect(holders).toEqual(['worker']);
  });

  test('publishes ports on loopback only', () => {
    const published = each.flatMap(([, service]) => service.ports);
    expect(published.length).toBeGreaterThan(0);
    expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('mounts only volumes that it declares and files that are there', () => {
    const sources = each.flatMap(([, service]) => service.volumes.map((volume) => volume.split(':')[0] ?? ''));
    const named = sources.filter((source) => !source.startsWith('.'));
    expect(named.filter((source) => !(source in volumes))).toEqual([]);
    for (const path of sources.filter((source) => source.startsWith('.'))) {
      expect(() => execFileSync('test', ['-d', join(root, path)])).not.toThrow();
    }
  });
});

describe('the worker service', () => {
  const environment = services['worker']?.environment ?? {};

  test('is a configuration that the worker accepts', () => {
    expect(readConfig(environment)).toMatchObject({
      temporalAddress: 'temporal:7233',
      home: '/var/lib/pawl',
      fireworks: { apiKey: 'test-key', baseUrl: 'https://api.fireworks.ai' },
    });
  });

  test('hands on every variable that the worker reads', () => {
    const read = [...file('worker', 'config.ts').matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map((match) => match[1]);
    expect(read.length).toBeGreaterThan(5);
    expect(read.filter((name) => !(name ?? '' in environment))).toEqual([]);
  });

  test('can be scaled: no container name, no host port', () => {
    expect(services['worker']).not.toHaveProperty('container_name');
    expect(services['worker']?.ports).toEqual([]);
  });
});

describe('what the services are given', () => {
  test('lets Temporal poll as often as a loop needs', () => {
    const Setting = z.tuple([z.object({ value: z.literal(2000) })]);
    const settings = parse(file('deploy', 'temporal', 'dynamic.yaml')) as Record<string, unknown>;
    expect(Object.keys(settings).sort()).toEqual([
      'history.timerProcessorMaxPollRPS',
      'history.transferProcessorMaxPollRPS',
    ]);
    for (const value of Object.values(settings)) expect(Setting.safeParse(value).success).toBe(true);
    expect(services['temporal']?.environment['DYNAMIC_CONFIG_FILE_PATH']).toBe('config/dynamicconfig/dynamic.yaml');
  });

  test.each(['schema.sh', 'namespace.sh'])('%s is a shell script', (name) => {
    expect(() => execFileSync('sh', ['-n', join(root, 'deploy', 'temporal', name)])).not.toThrow();
  });
});

describe('the image', () => {
  const dockerfile = file('Dockerfile');

  test('is built on one pinned release of glibc’s Node', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1]).filter((base) => base !== 'base');
    expect(bases).toEqual(['node:20.20.2-bookworm-slim']);
  });

  test('does not run as root', () => {
    expect(dockerfile).toMatch(/^USER node$/m);
  });

  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
    (match[1] ?? '').split(' '),
  );

  test('is built from every folder of ours that is compiled, but for those that only prove and measure', () => {
    const { include } = JSON.parse(file('tsconfig.json')) as { include: string[] };
    const proving = ['chaos', 'test', 'bench'];
    expect(copied).toEqual(expect.arrayContaining(include.filter((folder) => !proving.includes(folder))));
  });

  test('has everything that it copies let in by .dockerignore', () => {
    const allowed = file('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((path) => !allowed.some((name) => path === name || path.startsWith(`${name}/`)))).toEqual([]);
  });
});
