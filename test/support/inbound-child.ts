import { startInboundEngine } from './inbound.ts';

/** A process that tests kill: an engine on the given database with one inbound bridge. */
const [url = '', entry = ''] = process.argv.slice(2);
await startInboundEngine(url, JSON.parse(entry));
process.stdout.write('started\n');
