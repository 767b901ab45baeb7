import type { Reporter, TestModule } from 'vitest/node';

const mark = ': skipped, ';
/** In the title of a test that needs an earlier commit. A copy without history cannot get one. */
const historyMark = '(skipped: ';

/**
 * Prints the tests that are skipped: a group that is skipped because something is not installed, by
 * its title with the reason, and every other test by its own title. Where `DAYBOOK_TEST_SKIPS` is
 * `fail`, everything must be installed and the run fails if a test is skipped, unless it needs the
 * history of the repository.
 */
export function skippedReporter(): Reporter {
  let isSelection = false;
  return {
    onInit({ config }) {
      isSelection = config.testNamePattern !== undefined;
    },
    onTestRunEnd(modules) {
      const titles = skippedTitles(modules, isSelection);
      if (titles.length === 0) return;
      const isFailure =
        process.env['DAYBOOK_TEST_SKIPS'] === 'fail' &&
        !titles.every((title) => title.includes(historyMark));
      const lines = titles.map((title) => `  ${title}`);
      process.stderr.write(`\n${isFailure ? 'must not be skipped' : 'skipped'}:\n`);
      process.stderr.write(`${lines.join('\n')}\n`);
      if (isFailure) process.exitCode = 1;
    },
  };
}

/** With a selection by title, the tests that were not selected are skipped, too. */
function skippedTitles(modules: readonly TestModule[], isSelection: boolean): readonly string[] {
  const titles = new Set<string>();
  for (const module of modules) {
    for (const test of module.children.allTests('skipped')) {
      const marked = test.fullName.split(' > ').find((name) => name.includes(mark));
      if (marked === undefined && isSelection) continue;
      titles.add(`${module.relativeModuleId}: ${marked ?? test.fullName}`);
    }
  }
  return [...titles];
}
