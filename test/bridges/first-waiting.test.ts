import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inboundBridge } from '../../src/bridges/inbound/inbound.ts';
import { parseBridgeSettings } from '../../src/bridges/settings.ts';
import { type InboundServer, systems } from '../support/inbound-buses.ts';
import { titleWith } from '../support/skipped.ts';

const known = { types: new Set<string>(), contexts: new Set<string>(), views: new Set<string>() };

describe.each(systems)('$kind', ({ kind, reason, start }) => {
  describe.skipIf(reason !== null)(titleWith(`messages that wait in ${kind}`, reason), () => {
    let server: InboundServer;
    beforeAll(async () => {
      server = await start();
    }, 120_000);
    afterAll(() => server?.dispose());

    test('they are counted before the first of them is read', async () => {
      const bus = await server.open();
      await bus.send([1, 2, 3].map((body) => [`key-${body}`, body]));
      const text = JSON.stringify({ inbound: [bus.entry] });
      const [settings] = parseBridgeSettings(text, { ...known, hasSecret: () => true }).inbound;
      if (settings === undefined) throw new Error('there is no bridge');
      const submit = () => Promise.reject(new Error('nothing is submitted'));
      const bridge = inboundBridge(settings, { secret: () => '', submit });
      const source = await bridge.source.open(AbortSignal.timeout(30_000));
      expect(await source.waiting()).toBe(3);
      await source.close();
      await bus.dispose();
    }, 60_000);
  });
});
