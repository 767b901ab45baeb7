import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { delay } from '../../src/lib/delay.ts';
import { createDatabase } from '../../src/postgres/database.ts';
import { isConnectionLost } from '../../src/postgres/errors.ts';
import { createListener } from '../../src/postgres/listener.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { isUnencryptedByDefault } from '../../src/postgres/tls.ts';
import { startProgram } from '../support/program.ts';
import { silentLogger } from '../support/silent-logger.ts';
import {
  createAuthority,
  createCertificate,
  startTlsPostgres,
  type TlsPostgres,
} from '../support/tls-postgres.ts';
import { until } from '../support/until.ts';

type Certificate = Awaited<ReturnType<typeof createAuthority>>;

let postgres: TlsPostgres;
let authority: Certificate;
let good: Certificate;
let rightFile: string;
let wrongFile: string;
beforeAll(async () => {
  postgres = await startTlsPostgres();
  authority = await createAuthority('Authority of the tests');
  good = await createCertificate(authority, 'localhost');
  rightFile = await postgres.file('right.crt', authority.cert);
  wrongFile = await postgres.file('wrong.crt', (await createAuthority('Another one')).cert);
});
afterAll(() => postgres.stop());

/** Whether a connection is encrypted, as the server sees it. */
async function isEncrypted(url: string): Promise<boolean> {
  const database = createDatabase({ url, applicationName: 'daybook test', log: silentLogger });
  try {
    const text = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';
    const [row] = await database.query<{ ssl: boolean }>({ name: 'ssl', text });
    return row?.ssl === true;
  } finally {
    await database.stop();
  }
}

const verifyFull = () => ({ sslmode: 'verify-full', sslrootcert: rightFile });
const untrusted =
  /certificate is not signed by an authority that is trusted \(.+\): name .*sslrootcert=FILE/;
const otherName = /its certificate is for another host name/;
const byAddress = (parameters: Readonly<Record<string, string>>) =>
  postgres.url(parameters).replace('localhost', '127.0.0.1');

describe('a server with a certificate', () => {
  beforeAll(() => postgres.use(good));

  test.each(['require', 'verify-ca', 'verify-full'])(
    'is accepted with sslmode=%s if sslrootcert is its authority',
    async (sslmode) => {
      expect(await isEncrypted(postgres.url({ sslmode, sslrootcert: rightFile }))).toBe(true);
    },
  );

  test.each(['require', 'verify-ca', 'verify-full'])(
    'is refused with sslmode=%s if sslrootcert is another authority',
    async (sslmode) => {
      const url = postgres.url({ sslmode, sslrootcert: wrongFile });
      await expect(isEncrypted(url)).rejects.toThrow(untrusted);
    },
  );

  test.each(['require', 'verify-full'])(
    'is refused with sslmode=%s and without sslrootcert',
    async (sslmode) => {
      await expect(isEncrypted(postgres.url({ sslmode }))).rejects.toThrow(untrusted);
    },
  );

  test('is refused under another name with verify-full only', async () => {
    const byFull = byAddress(verifyFull());
    await expect(isEncrypted(byFull)).rejects.toThrow(otherName);
    for (const sslmode of ['require', 'verify-ca']) {
      expect(await isEncrypted(byAddress({ sslmode, sslrootcert: rightFile }))).toBe(true);
    }
  });

  test('is not verified with no-verify, and not encrypted with disable', async () => {
    expect(await isEncrypted(postgres.url({ sslmode: 'no-verify' }))).toBe(true);
    expect(await isEncrypted(postgres.url({ sslmode: 'disable' }))).toBe(false);
    expect(await isEncrypted(postgres.url())).toBe(false);
  });

  test('is verified in direct negotiation, too', async () => {
    const sslnegotiation = 'direct';
    expect(await isEncrypted(postgres.url({ ...verifyFull(), sslnegotiation }))).toBe(true);
    const wrong = postgres.url({ sslmode: 'verify-full', sslrootcert: wrongFile, sslnegotiation });
    await expect(isEncrypted(wrong)).rejects.toThrow(untrusted);
  });

  test('gets every connection of the program encrypted', async () => {
    const url = postgres.url(verifyFull());
    const database = createDatabase({ url, applicationName: 'looking', log: silentLogger });
    const read = (sinceText: string) =>
      database.query<{ name: string; ssl: boolean }>(
        {
          name: 'connections',
          text: `select application_name as name, bool_and(ssl) as ssl
          from pg_stat_activity join pg_stat_ssl using (pid)
          where application_name like 'daybook%' and backend_start > $1::timestamptz
          group by 1 order by 1`,
        },
        [sinceText],
      );
    const [now] = await database.query<{ now: string }>({
      name: 'now',
      text: 'select now()::text',
    });
    const program = await startProgram({ DATABASE_URL: url });
    try {
      await until(async () => (await read(now?.now ?? '')).length === 2);
      expect(await read(now?.now ?? '')).toEqual([
        { name: 'daybook', ssl: true },
        { name: 'daybook listen', ssl: true },
      ]);
      const query = '{ log { sequence } }';
      const response = await fetch(`${program.url}/graphql?query=${encodeURIComponent(query)}`);
      expect(response.status).toBe(200);
      expect(program.output()).not.toContain('not encrypted');
    } finally {
      await database.stop();
      await program.end('SIGTERM');
    }
  });

  test('is not taken for silent while it answers', async () => {
    const url = postgres.url(verifyFull());
    const database = createDatabase({ url, applicationName: 'daybook test', log: silentLogger });
    const pid = async () => {
      const text = 'select pg_backend_pid() as pid, pg_sleep(0.3)';
      return (await database.query<{ pid: number }>({ name: 'pid', text }))[0]?.pid;
    };
    const first = await pid();
    await delay(1_200);
    expect(await pid()).toBe(first);
    database.closeSilent(1_000);
    expect(await pid()).toBe(first);
    await delay(1_500);
    database.closeSilent(1_000);
    const next = await pid().catch((error: unknown) => {
      expect(isConnectionLost(error)).toBe(true);
      return pid();
    });
    expect(next).not.toBe(first);
    await database.stop();
  });

  test('sends notifications, and a lost connection is replaced', async () => {
    const url = postgres.url(verifyFull());
    const database = createDatabase({ url, applicationName: 'notify', log: silentLogger });
    const received: string[] = [];
    let connected = 0;
    const listener = createListener({
      url,
      channels: ['heads'],
      heartbeatIntervalMs: 50,
      heartbeatDeadlineMs: 1_000,
      onNotification: (_channel, payload) => received.push(payload),
      onConnected: () => {
        connected += 1;
      },
      log: silentLogger,
    });
    const run = (text: string) => database.query({ name: text.slice(0, 30), text });
    try {
      await until(() => listener.connected());
      await run(`notify heads, 'one'`);
      await until(() => received.length === 1);
      await run(`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'daybook listen'`);
      await until(() => connected === 2);
      await run(`notify heads, 'two'`);
      await until(() => received.length === 2);
    } finally {
      await listener.stop();
      await database.stop();
    }
  });

  test('is refused by migrations, LISTEN and separate connections', async () => {
    const url = postgres.url({ sslmode: 'verify-full', sslrootcert: wrongFile });
    await expect(migrate(url)).rejects.toThrow(untrusted);
    const database = createDatabase({ url, applicationName: 'daybook test', log: silentLogger });
    await expect(database.withConnection(async () => 1)).rejects.toThrow(untrusted);
    await database.stop();
    const warned: string[] = [];
    const warn = ({ err }: { err?: unknown }) => {
      warned.push(String(err));
    };
    const listener = createListener({
      url,
      channels: ['heads'],
      onNotification: () => {},
      onConnected: () => {},
      log: { ...silentLogger, warn },
    });
    await until(() => warned.length > 0);
    await listener.stop();
    expect(warned[0]).toMatch(/certificate/);
    expect(listener.connected()).toBe(false);
  });

  test('that asks for a certificate of its clients gets it', async () => {
    const clients = await createAuthority('Authority of the clients');
    await postgres.requireClients(clients);
    const own = await createCertificate(clients, 'daybook');
    const sslcert = await postgres.file('client.crt', own.cert);
    const sslkey = await postgres.file('client.key', own.private);
    expect(await isEncrypted(postgres.url({ ...verifyFull(), sslcert, sslkey }))).toBe(true);
    await expect(isEncrypted(postgres.url(verifyFull()))).rejects.toThrow(
      /set sslcert=FILE and sslkey=FILE in DATABASE_URL/,
    );
  });
});

test('a server whose certificate has expired is refused', async () => {
  const past = new Date(Date.now() - 60_000);
  await postgres.use(await createCertificate(authority, 'localhost', past));
  await expect(isEncrypted(postgres.url(verifyFull()))).rejects.toThrow('has expired: renew it');
});

describe('a server without TLS', () => {
  beforeAll(() => postgres.use(null));

  test.each(['no-verify', 'require', 'verify-ca', 'verify-full'])(
    'is refused with sslmode=%s',
    async (sslmode) => {
      const url = postgres.url({ sslmode, sslrootcert: rightFile });
      await expect(isEncrypted(url)).rejects.toThrow(
        'the database cannot be reached: it does not offer TLS: set ssl = on',
      );
    },
  );
});

describe('DATABASE_URL', () => {
  const read = (query: string, more = {}) =>
    readConfig({ DATABASE_URL: `postgres://ada:secret@db.example/name${query}`, ...more });

  test.each([
    ['?sslmode=prefer', 'sslmode=prefer would also connect without encryption'],
    ['?sslmode=allow', 'sslmode=allow would also connect without encryption'],
    ['?sslmode=VERIFY', 'sslmode=VERIFY is unknown: use one of sslmode=disable, no-verify'],
    ['?ssl=maybe', 'ssl=maybe is unknown'],
    ['?sslmode=verify-ca', 'sslmode=verify-ca needs sslrootcert=FILE'],
    ['?sslmode=verify-full&sslrootcert=/absent', 'sslrootcert /absent cannot be read: ENOENT'],
    ['?sslmode=verify-full&sslcert=/absent', 'sslcert and sslkey must be given together'],
    ['?sslrootcert=package.json', 'sslrootcert, sslcert or sslkey is not usable'],
  ])('with %s is refused in one line without the password', (query, fault) => {
    expect(() => read(query)).toThrow(`DATABASE_URL: ${fault}`);
    expect(() => read(query)).toThrow(/^(?!.*secret)[^\n]*$/);
  });

  test('takes from the variables of libpq what it does not have', () => {
    expect(read('', { PGSSLMODE: 'verify-full' }).databaseUrl).toContain('?sslmode=verify-full');
    expect(read('?sslmode=disable', { PGSSLMODE: 'require' }).databaseUrl).not.toContain('require');
    expect(() => read('', { PGSSLROOTCERT: '/absent' })).toThrow('sslrootcert /absent');
    expect(read('').databaseUrl).toBe('postgres://ada:secret@db.example/name');
  });

  test('of another machine should say whether the connection is encrypted', () => {
    const isWarned = (host: string, query = '') =>
      isUnencryptedByDefault(`postgres://ada@${host}/name${query}`);
    expect(isWarned('db.example')).toBe(true);
    expect(isWarned('10.0.0.7')).toBe(true);
    for (const host of ['localhost', '127.0.0.1', '[::1]', '%2Frun%2Fpostgresql']) {
      expect(isWarned(host)).toBe(false);
    }
    expect(isWarned('db.example', '?sslmode=disable')).toBe(false);
    expect(isWarned('db.example', '?sslmode=verify-full')).toBe(false);
  });
});
