import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readFile, root } from './architecture/sources.ts';

const { version } = JSON.parse(readFile('node_modules/currency-codes/package.json').text) as {
  readonly version: string;
};
/** What a registry says of the package currency-codes. */
const packument = {
  name: 'currency-codes',
  'dist-tags': { latest: version },
  versions: { [version]: { name: 'currency-codes', version } },
};

/** Runs the audit with a registry that knows these advisories; null: it has no audits. */
async function audit(advisories: object | null) {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    const isAudit = request.method === 'POST';
    if (isAudit && advisories === null) response.statusCode = 405;
    response.end(JSON.stringify(isAudit ? advisories : packument));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  // npm keeps what it knows of an advisory.
  const cache = await mkdtemp(path.join(tmpdir(), 'daybook-audit-'));
  const registry = `http://127.0.0.1:${port}/`;
  const env = { ...process.env, npm_config_registry: registry, npm_config_cache: cache };
  try {
    return await new Promise<{ code: number; text: string }>((resolve) => {
      const script = path.join(root, '.ci/audit.mjs');
      execFile(process.execPath, [script], { cwd: root, env }, (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), text: out + err });
      });
    });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(cache, { recursive: true, force: true });
  }
}

const advisory = (severity: string) => ({
  id: 7,
  url: 'https://advisories.example/7',
  title: 'Frames are read twice',
  severity,
  vulnerable_versions: '*',
  cwe: [],
  cvss: { score: 7, vectorString: null },
});

test('the audit passes if no package in use has a known vulnerability', async () => {
  expect(await audit({})).toEqual({ code: 0, text: 'npm audit: no known vulnerability\n' });
});

test('a vulnerability fails the audit, which names the package and the advisory', async () => {
  const { code, text } = await audit({ 'currency-codes': [advisory('high')] });
  expect(code).toBe(1);
  expect(text).toContain(
    'npm audit: currency-codes (high): Frames are read twice, https://advisories.example/7\n',
  );
  expect(text).toContain('npm audit: update these packages, or replace what needs them\n');
});

test('a vulnerability of low severity does not fail the audit', async () => {
  expect(await audit({ 'currency-codes': [advisory('low')] })).toMatchObject({ code: 0 });
});

test('without a registry that answers, the audit is skipped with the reason', async () => {
  const { code, text } = await audit(null);
  expect(code).toBe(0);
  expect(text).toMatch(
    /^npm audit: skipped, the registry did not answer: 405 Method Not Allowed[^\n]*\n$/,
  );
});
