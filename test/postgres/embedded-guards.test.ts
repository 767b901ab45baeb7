import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chooseAccount, createRun } from '../../src/postgres/embedded-account.ts';
import { makeMissingLinks } from '../../src/postgres/embedded-binaries.ts';
import { findPostmaster, isProcessAlive } from '../../src/postgres/embedded-postmaster.ts';
import { until } from '../support/until.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daybook-guards-'));
  await chmod(directory, 0o755);
});

afterEach(() => rm(directory, { recursive: true }));

test('links that npm has not created are created, and existing ones are kept', async () => {
  const links = [
    { source: 'native/lib/one.so.1.2', target: 'native/lib/one.so' },
    { source: 'native/lib/two.so.1', target: 'native/two.so' },
  ];
  await mkdir(join(directory, 'native', 'lib'), { recursive: true });
  await writeFile(join(directory, 'native', 'pg-symlinks.json'), JSON.stringify(links));
  await writeFile(join(directory, 'native', 'two.so'), 'already there');
  await makeMissingLinks(directory);
  expect(await readlink(join(directory, 'native/lib/one.so'))).toBe('one.so.1.2');
  expect((await lstat(join(directory, 'native/two.so'))).isFile()).toBe(true);
});

test.runIf(existsSync('/proc/self/stat'))(
  'a zombie process does not count as a server and does not prevent a start',
  async () => {
    // A shell starts a child and then becomes a program that never waits for it.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line);
    await until(async () => / Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8')));
    const file = join(directory, 'postmaster.pid');
    await writeFile(file, `${pid}\n${directory}\n1\n5432\n\n\n\nready\n`);
    expect(isProcessAlive(pid)).toBe(true);
    expect(await findPostmaster(directory)).toBeNull();
    const left = Number((await readFile(file, 'utf8')).split('\n')[0]);
    expect(isProcessAlive(left)).toBe(false);
    parent.kill();
    await once(parent, 'exit');
  },
);

// Bits of CapEff in /proc/self/status: CAP_DAC_OVERRIDE is 1, CAP_DAC_READ_SEARCH is 2.
test.runIf(process.geteuid?.() === 0).each([
  ['open to all', 0o755, 0o755, 0],
  ['in a closed directory', 0o700, 0o755, 1 << 2],
  ['themselves closed', 0o700, 0o700, 1 << 1],
])(
  'programs that are %s run with the fewest privileges that suffice',
  async (_, outer, inner, bits) => {
    const program = join(directory, 'program');
    const file = join(directory, 'file');
    await writeFile(program, '#!/bin/sh\n', { mode: 0o700 });
    await writeFile(file, '');
    await chmod(program, inner);
    await chmod(directory, outer);
    const run = await createRun(await chooseAccount(null), { dataDir: directory, program, file });
    const script = 'id -u; grep CapEff /proc/self/status; find "$1" -executable';
    const { output } = await run('/bin/sh', ['-c', script, 'sh', program], '/');
    const [uid, capabilities, found] = output.split('\n');
    expect(Number(uid)).not.toBe(0);
    expect(Number.parseInt(capabilities?.split(/\s+/)[1] ?? '', 16)).toBe(bits);
    // find asks access(2), as PostgreSQL does for its programs.
    expect(found).toBe(program);
  },
);
