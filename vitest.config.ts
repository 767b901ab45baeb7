import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';
import { skippedReporter } from './test/support/skipped-reporter.ts';

const reports = 'node_modules/.cache/daybook';
const [major] = process.versions.node.split('.');

/** Tests that kill, cut and stop servers again and again: `npm run test:faults` runs them. */
const faults = ['test/**/*.faults.test.ts'];
const isFaults = process.env['DAYBOOK_TEST_FAULTS'] === 'true';

export default defineConfig({
  // As Node.js resolves it: of graphql there must be one copy, and Vite would take the other.
  resolve: {
    alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }],
  },
  test: {
    include: isFaults ? faults : ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...(isFaults ? [] : faults)],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Tests wait for much of their time: a third worker takes a quarter of it off two cores.
    maxWorkers: isFaults ? 2 : 3,
    // Loading the program for each file took a fifth of the time of the suite.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One report for each run and version of Node.js: `.ci/run` adds them up.
    reporters: [
      'default',
      ['json', { outputFile: `${reports}/${isFaults ? 'faults' : 'tests'}-${major}.json` }],
      skippedReporter(),
    ],
  },
});
