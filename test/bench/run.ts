import { parseArgs } from 'node:util';
import { append } from './append.ts';
import { bridges } from './bridges.ts';
import { bulk } from './bulk.ts';
import { chain } from './chain.ts';
import { client } from './client.ts';
import { deposit } from './deposit.ts';
import { exporting } from './export.ts';
import { live } from './live.ts';
import { long } from './long.ts';
import { matching } from './matching.ts';
import { query } from './query.ts';
import { records } from './records.ts';
import { rights } from './rights.ts';
import { storage } from './storage.ts';
import type { Bench } from './support/bench.ts';
import type { Comparison } from './support/comparison.ts';
import { toFooter } from './support/footer.ts';
import { installPeers } from './support/peers.ts';
import { type Stage, type Timing, withStage } from './support/stage.ts';
import { toTable } from './support/table.ts';
import { trade } from './trade.ts';
import { verify } from './verify.ts';
import { watch } from './watch.ts';

/**
 * `npm run bench -- [--quick] [names]` prints one table on stdout, with every figure and its peers
 * from one run. A missed target is shown but is not a failure, because the machine may be busy.
 */
const benches: readonly Bench[] = [
  deposit,
  append,
  bulk,
  records,
  chain,
  exporting,
  query,
  rights,
  client,
  live,
  watch,
  trade,
  matching,
  storage,
  bridges,
  long,
  verify,
];
const thorough: Timing = { warmUpMs: 3_000, measuredMs: 8_000, rounds: 2, isThorough: true };
const quick: Timing = { warmUpMs: 1_000, measuredMs: 2_000, rounds: 1, isThorough: false };

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const timing = values.quick ? quick : thorough;
const chosen = choose(positionals);
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupt.abort(new Error(`interrupted by ${signal}`)));
}

await installPeers();
await withStage(timing, interrupt.signal, runAll);
process.exit();

function choose(names: readonly string[]): readonly Bench[] {
  const unknown = names.filter((name) => !benches.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    const known = benches.map(({ name }) => name).join(', ');
    throw new Error(`unknown bench ${unknown.join(', ')}: choose from ${known}`);
  }
  return names.length === 0 ? benches : benches.filter(({ name }) => names.includes(name));
}

async function runAll(stage: Stage): Promise<void> {
  const comparisons: Comparison[] = [];
  for (const bench of chosen) comparisons.push(...(await bench.run(stage)));
  const footer = toFooter({ timing, benches: chosen, postgres: await stage.describePostgres() });
  process.stdout.write(`\n${toTable(comparisons)}\n\n${footer}\n`);
}
