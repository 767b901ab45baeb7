import { parseBridgeSettings } from '../../src/bridges/settings.ts';
import { modules } from '../../src/contexts/all.ts';
import { startTestEngine, type TestEngine } from './engines.ts';

const contexts = modules.map(({ context }) => context);

/** An engine with one bridge that brings commands in. */
export function startInboundEngine(url: string, entry: object): Promise<TestEngine> {
  const settings = parseBridgeSettings(JSON.stringify({ inbound: [entry] }), {
    types: new Set(),
    contexts: new Set(),
    views: new Set(),
    hasSecret: () => true,
  });
  return startTestEngine(url, contexts, undefined, { settings, secret: () => '' });
}
