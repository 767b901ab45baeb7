import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';
import { skippedReporter } from './test/support/skipped-reporter.ts';

const reports = 'node_modules/.cache/daybook';
const [major] = process.versions.node.split('.');

export default defineConfig({
  // As Node.js resolves it: of graphql there must be one copy, and Vite would take the other.
  resolve: {
    alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One report for each version of Node.js that the suite runs on: `.ci/run` adds them up.
    reporters: [
      'default',
      ['json', { outputFile: `${reports}/tests-${major}.json` }],
      skippedReporter(),
    ],
  },
});
