import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from './test-server.ts';

describe('GraphQL over HTTP', () => {
  let tested: TestServer;
  beforeAll(async () => {
    tested = await startServer();
  });
  afterAll(() => tested[Symbol.asyncDispose]());

  for (const audit of serverAudits({ url: () => tested.url })) {
    it(`${audit.id} ${audit.name}`, async () => {
      expect(await audit.fn()).toMatchObject({ status: 'ok' });
    });
  }
});
