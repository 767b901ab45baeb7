import { startBridgedEngine } from './bridged.ts';

/** A process that tests kill: an engine with the bridges of its second argument. */
await startBridgedEngine(process.argv[2] ?? '', JSON.parse(process.argv[3] ?? '[]'));
process.stdout.write('started\n');
