import type { Reporter, TestModule } from 'vitest/node';

const mark = ': skipped, ';

/**
 * Prints the groups of tests that are skipped because something is not installed, with the reason.
 * Where `CI` is true, everything must be installed, and the run fails.
 */
export function skippedReporter(): Reporter {
  return {
    onTestRunEnd(modules) {
      const titles = skippedTitles(modules);
      if (titles.length === 0) return;
      const isFailure = process.env['CI'] === 'true';
      const lines = titles.map((title) => `  ${title}`);
      process.stderr.write(`\n${isFailure ? 'must not be skipped' : 'skipped'}:\n`);
      process.stderr.write(`${lines.join('\n')}\n`);
      if (isFailure) process.exitCode = 1;
    },
  };
}

function skippedTitles(modules: readonly TestModule[]): readonly string[] {
  const titles = new Set<string>();
  for (const module of modules) {
    for (const test of module.children.allTests('skipped')) {
      const names = test.fullName.split(' > ');
      const title = names.find((name) => name.includes(mark));
      if (title !== undefined) titles.add(`${module.relativeModuleId}: ${title}`);
    }
  }
  return [...titles];
}
