import { startBridging } from './bridging.ts';

/** A process that tests kill: an engine with a bridge, on the given database, broker and topic. */
const [url = '', broker = '', topic = ''] = process.argv.slice(2);
await startBridging(url, [{ name: 'kafka', kind: 'kafka', brokers: [broker], topic }]);
process.send?.('ready');
