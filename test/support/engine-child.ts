import { startTestEngine } from './engines.ts';
import { reminders, reminding } from './reminders.ts';

/** A process that tests kill: an engine with reminders on the given database. */
await startTestEngine(process.argv[2] ?? '', [reminding([reminders])]);
