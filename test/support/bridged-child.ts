import { startBridgedEngine } from './bridged.ts';

/** A process that tests kill: an engine with the bridges of its second argument. */
const [, , url = '', bridges = '[]', secret = ''] = process.argv;
await startBridgedEngine(url, JSON.parse(bridges), { secret: () => secret });
process.stdout.write('started\n');
