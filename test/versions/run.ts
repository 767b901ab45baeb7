import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findRuntime } from './runtime.ts';
import { majorOf, testedVersions } from './tested.ts';

/**
 * `npm run test:versions` runs the suite, and the tests of faults, on every tested version of
 * Node.js except the current one. A version that cannot be installed is skipped; where `CI` is set
 * that is a failure.
 */
const root = fileURLToPath(new URL('../../', import.meta.url));
const { values } = parseArgs({
  options: { into: { type: 'string', default: 'node_modules/.cache/daybook' } },
});
const others = testedVersions.filter((version) => version !== majorOf(process.versions.node));
const faults = others.map(testOn).filter((isGood) => !isGood);
process.exitCode = faults.length > 0 ? 1 : 0;

function testOn(version: number): boolean {
  const runtime = findRuntime(version, path.resolve(root, values.into, `node-${version}`));
  if ('fault' in runtime) {
    process.stderr.write(`Node.js ${version} is skipped: ${runtime.fault}\n`);
    return process.env['CI'] === undefined;
  }
  process.stderr.write(`The suite on Node.js ${version}:\n`);
  const { executable } = runtime;
  const folders = [path.dirname(executable), process.env['PATH'] ?? ''];
  const env = { ...process.env, PATH: folders.join(path.delimiter) };
  const runs = ['false', 'true'].map((DAYBOOK_TEST_FAULTS) =>
    spawnSync(executable, ['node_modules/vitest/vitest.mjs', 'run'], {
      cwd: root,
      env: { ...env, DAYBOOK_TEST_FAULTS },
      stdio: 'inherit',
    }),
  );
  return runs.every(({ status }) => status === 0);
}
