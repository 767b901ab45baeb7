import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { majorOf, testedVersions } from './tested.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (name: string) => readFileSync(path.join(root, name), 'utf8');
const manifest = JSON.parse(read('package.json'));
const lowest = Math.min(...testedVersions);
const others = testedVersions.filter((version) => version !== majorOf(process.versions.node));

test('engines begins with the lowest tested version and allows every tested version', () => {
  const ranges: readonly string[] = manifest.engines.node.split(' || ');
  expect(majorOf(ranges[0] ?? '')).toBe(lowest);
  for (const version of testedVersions) {
    const isAllowed = ranges.some(
      (range) => majorOf(range) === version || (range.startsWith('>=') && majorOf(range) < version),
    );
    expect({ version, isAllowed }).toEqual({ version, isAllowed: true });
  }
});

test('the types are those of the lowest tested version', () => {
  expect(majorOf(manifest.devDependencies['@types/node'])).toBe(lowest);
});

test('the README names every tested version', () => {
  const [, named] = /suite runs on\s+Node\.js ([^:.;]+)/.exec(read('README.md')) ?? [];
  expect(named?.match(/\d+/g)?.map(Number)).toEqual(testedVersions);
});

test('the image runs on a tested version', () => {
  const images = [...read('docker-compose.yml').matchAll(/FROM node:(\d+)/g)];
  expect(images.length).toBeGreaterThan(0);
  for (const [, version] of images) expect(testedVersions).toContain(Number(version));
});

test.each([
  { where: 'elsewhere', CI: undefined, code: 0, outcome: 'no failure' },
  { where: 'in CI', CI: 'true', code: 1, outcome: 'a failure' },
])('a version that npm cannot install is skipped by name, $where it is $outcome', async (given) => {
  const into = mkdtempSync(path.join(tmpdir(), 'daybook-versions-'));
  onTestFinished(() => rmSync(into, { recursive: true, force: true }));
  const { CI, ...env } = process.env;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/versions/run.ts', '--into', into],
    {
      cwd: root,
      env: {
        ...env,
        ...(given.CI === undefined ? {} : { CI: given.CI }),
        npm_config_registry: 'http://127.0.0.1:1/',
        npm_config_cache: into,
        npm_config_fetch_retries: '0',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  for (const version of others) {
    expect(said).toMatch(
      new RegExp(`^Node\\.js ${version} is skipped: npm could not install node-.*: .+$`, 'm'),
    );
  }
  expect(code).toBe(given.code);
});
