import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../architecture/sources.ts';

const run = promisify(execFile);
const bytesMax = 15_000;

/** A project that has Daybook installed. */
let project: string;
beforeAll(async () => {
  project = await mkdtemp(path.join(tmpdir(), 'daybook-client-'));
  await mkdir(path.join(project, 'node_modules'));
  await symlink(root, path.join(project, 'node_modules/daybook'));
  await writeFile(path.join(project, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rm(project, { recursive: true, force: true }));

const page = `
import { createClient, storeIn, DaybookError, type TypedDocument } from 'daybook/client';

declare const account: TypedDocument<{ account: { balance: string } | null }, { id: string }>;
declare const log: TypedDocument<{ log: { sequence: string } }, { [key: string]: never }>;
const client = createClient({ url: '/graphql', token: async () => 'x', unfinished: storeIn(localStorage) });

export const balance: string | undefined = (await client.query(account, { id: '1' })).account?.balance;
export const sequence: string = (await client.query(log)).log.sequence;
export const plain: string = (await client.query<{ a: string }>('{ a }', { any: 1 })).a;
for await (const frame of client.subscribe(account, { id: '1' }, { after: '4' })) {
  frame.account?.balance satisfies string | undefined;
}
// @ts-expect-error: the variable is required
await client.query(account);
// @ts-expect-error: an id is a string
await client.mutate(account, { id: 1 });
// @ts-expect-error: nothing is known of the result of a text
(await client.query('{ a }')).a;
if (new Error() instanceof DaybookError) throw new Error();
`;

describe('daybook/client', () => {
  test(`has at most ${bytesMax} bytes in a browser's bundle, compressed`, async () => {
    const contents = "export { createClient, DaybookError, storeIn } from 'daybook/client';";
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: project },
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      write: false,
    });
    const bundle = gzipSync(outputFiles[0]?.contents ?? '', { level: 9 });
    expect(bundle.length).toBeLessThan(bytesMax);
    expect(bundle.length).toBeGreaterThan(5_000);
  });

  test.each([
    ['bundler', 'esnext'],
    ['nodenext', 'nodenext'],
  ])('has types for browsers that infer results and variables, resolved as %s', async (...of) => {
    const [resolution, module] = of;
    const file = path.join(project, `${resolution}.ts`);
    await writeFile(file, page);
    const options = [
      ...['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable'],
      ...['--moduleResolution', resolution, '--module', module, '--types', '', file],
    ];
    const compiler = path.join(root, 'node_modules/.bin/tsc');
    const { stdout } = await run(compiler, options, { cwd: project }).catch((error) => error);
    expect(stdout).toBe('');
  });

  test('can be imported by Node.js, and starts nothing', async () => {
    const program =
      "const it = await import('daybook/client'); console.log(Object.keys(it).join())";
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
      cwd: project,
    });
    expect(stdout.trim().split(',').sort()).toEqual(['DaybookError', 'createClient', 'storeIn']);
  });
});
