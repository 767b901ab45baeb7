import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type BridgeTest,
  createBridgeTest,
  deposit,
  differences,
  untilDelivered,
} from '../support/kafka/bridging.ts';
import { type Certificates, createCertificates } from '../support/kafka/certificates.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka/kafka-broker.ts';
import { kafkaSkip, noKafka } from '../support/kafka/resolve-kafka.ts';
import { until } from '../support/until.ts';

const waitMs = 30_000;
const password = 'correct-horse';
const modules = 'org.apache.kafka.common.security';

/** A token that names a user and that a broker for tests accepts without a signature. */
function toToken(): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1_000);
  return `${encode({ alg: 'none' })}.${encode({ sub: 'daybook', iat: now, exp: now + 3_600 })}.`;
}

describe.skipIf(noKafka)(`Kafka security${kafkaSkip}`, () => {
  let broker: KafkaBroker;
  let certificates: Certificates;
  let given: BridgeTest;

  beforeAll(async () => {
    certificates = await createCertificates();
    const own = 'listener.name.secure';
    broker = await startKafkaBroker({
      listeners: { SECURE: { protocol: 'SASL_SSL' } },
      format: ['--add-scram', `SCRAM-SHA-512=[name=daybook,password=${password}]`],
      properties: {
        [`${own}.ssl.keystore.type`]: 'PEM',
        [`${own}.ssl.keystore.location`]: certificates.keyStoreFile,
        [`${own}.sasl.enabled.mechanisms`]: 'SCRAM-SHA-512,PLAIN,OAUTHBEARER',
        [`${own}.scram-sha-512.sasl.jaas.config`]: `${modules}.scram.ScramLoginModule required;`,
        [`${own}.plain.sasl.jaas.config`]: `${modules}.plain.PlainLoginModule required user_daybook="${password}";`,
        [`${own}.oauthbearer.sasl.jaas.config`]:
          `${modules}.oauthbearer.OAuthBearerLoginModule required ` +
          'unsecuredLoginStringClaim_sub="broker";',
      },
    });
  }, 300_000);
  afterAll(async () => {
    await broker?.dispose();
    await certificates?.dispose();
  });
  beforeEach(async () => {
    const secrets = new Map([
      ['USER', 'daybook'],
      ['PASSWORD', password],
      ['WRONG', 'wrong-horse'],
      ['TOKEN', toToken()],
    ]);
    given = await createBridgeTest(
      () => broker.addressOf('SECURE'),
      (name) => secrets.get(name) ?? '',
    );
  });
  afterEach(() => given.stopAll());

  const byPassword = { usernameEnv: 'USER', passwordEnv: 'PASSWORD' };

  test.each([
    { mechanism: 'SCRAM-SHA-512', ...byPassword },
    { mechanism: 'PLAIN', ...byPassword },
    { mechanism: 'OAUTHBEARER', tokenEnv: 'TOKEN' },
  ])('a bridge delivers over TLS with $mechanism', async (sasl) => {
    const engine = await given.start({ tls: { caFile: certificates.caFile }, sasl });
    await deposit(engine, 10);
    await untilDelivered(engine, waitMs);
    expect(await differences(engine, broker.address, given.topic)).toEqual([]);
  });

  test('a wrong password and an unknown authority are said, and never the secret', async () => {
    const sasl = { mechanism: 'SCRAM-SHA-512', usernameEnv: 'USER', passwordEnv: 'WRONG' };
    const engine = await given.start({ tls: { caFile: certificates.caFile }, sasl });
    const errorOf = async () => (await engine.bridges.rows())[0]?.error ?? '';
    await until(async () => (await errorOf()) !== '', waitMs);
    expect(await errorOf()).toMatch(/[Aa]uthentication/);
    expect(await errorOf()).not.toMatch(/horse/);
    await engine.stop();

    const other = await given.start({ tls: true, sasl: { mechanism: 'PLAIN', ...byPassword } });
    const reason = async () => (await other.bridges.rows())[0]?.error ?? '';
    await until(async () => /certificate/.test(await reason()), waitMs);
    expect(await reason()).not.toMatch(/horse/);
  });
});
