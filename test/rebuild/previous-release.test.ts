import { randomBytes } from 'node:crypto';
import { afterEach, expect, inject, test } from 'vitest';
import { createDatabase } from '../../src/postgres/database.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { readViews } from '../../src/views/store.ts';
import { runStatement, toDatabaseUrl } from '../support/postgres.ts';
import {
  buildPreviousRelease,
  previousCommit,
  previousReleaseFault,
} from '../support/previous-release.ts';
import { type Program, runProgram, startProgram } from '../support/program.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { sendTo, setStage, work } from '../support/upgrade-load.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

const fault = previousReleaseFault();
const title = `a server of the previous release, ${previousCommit().slice(0, 7)}, goes on`;

async function createEmptyDatabase(): Promise<string> {
  const { url } = inject('postgres');
  const name = `daybook_rebuild_${process.pid}_${randomBytes(5).toString('hex')}`;
  await runStatement(url, `create database ${name}`);
  undo.push(() => runStatement(url, `drop database ${name} with (force)`));
  return toDatabaseUrl(url, name);
}

async function start(url: string, built?: string): Promise<Program> {
  const program = await startProgram({ DATABASE_URL: url, LOG_LEVEL: 'fatal' }, ['serve'], built);
  undo.push(() => program.end('SIGKILL'));
  return program;
}

test.skipIf(fault !== null)(
  `${title} while its views are rebuilt${fault === null ? '' : ` (skipped: ${fault})`}`,
  async () => {
    const release = buildPreviousRelease();
    undo.push(release.dispose);
    const url = await createEmptyDatabase();
    const environment = { DATABASE_URL: url };
    const old = await start(url, release.directory);
    const stage = await setStage(old.url);
    const over = new AbortController();
    const load = work(() => old.url, stage, over.signal);
    await migrate(url);
    const database = createDatabase({ url, applicationName: 'look', log: silentLogger });
    undo.push(database.stop);

    // The views that the previous release has, under the versions that this one has, too.
    const known = await readViews(database);
    expect(known.length).toBeGreaterThan(5);
    const shared = ['instruments', 'prices', 'trades', 'trial-balance'].filter((name) =>
      known.some((row) => row.name === name && row.status === 'live'),
    );
    expect(shared.length).toBeGreaterThan(1);
    for (let round = 0; round < 2; round += 1) {
      const { code, output } = await runProgram(['rebuild', ...shared], environment);
      expect({ code, output }).toMatchObject({ code: 0 });
      const head = (await sendTo(old.url, '{ log { sequence } }')).data?.['log']?.['sequence'];
      await until(async () => {
        const rows = await readViews(database);
        return rows.every(
          ({ name, checkpoint }) => !shared.includes(name) || checkpoint >= Number(head),
        );
      }, 20_000);
    }
    // What it advances has no checksum that holds.
    const stale = (await readViews(database)).filter(({ name }) => shared.includes(name));
    expect(stale.every((row) => row.checksumSequence !== row.checkpoint)).toBe(true);

    // A server of this release takes the views over, and finds their checksums.
    const current = await start(url);
    await old.end('SIGTERM');
    over.abort();
    const { faults, deposits } = await load;
    expect(deposits).toBeGreaterThan(10);
    expect(faults.filter((text) => !/fetch failed|ECONNREFUSED|other side/.test(text))).toEqual([]);
    await until(async () => {
      const account = stage.accountIds[0] ?? '';
      await sendTo(
        current.url,
        `mutation { depositCash(input: { accountId: "${account}", amount: "1.00" })
          { __typename } }`,
      );
      const { output } = await runProgram(['verify', '--views'], environment);
      return (output.match(/: verified \d+ rows/g)?.length ?? 0) >= known.length - 1;
    }, 60_000);
    expect(await runProgram(['verify', '--views', '--refold'], environment)).toMatchObject({
      code: 0,
    });
  },
  240_000,
);
