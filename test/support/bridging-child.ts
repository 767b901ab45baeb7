import { startBridging } from './bridging.ts';

/** A process that tests kill: an engine with bridges on the given database. */
const [, , url = '', bridges = '[]', secret = ''] = process.argv;
await startBridging(url, JSON.parse(bridges), { secret });
