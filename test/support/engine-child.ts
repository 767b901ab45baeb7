import { startTestEngine } from './engines.ts';
import { reminders, reminding } from './reminders.ts';

/** A process to be killed: an engine of reminders on the database given. */
await startTestEngine(process.argv[2] ?? '', [reminding([reminders])]);
