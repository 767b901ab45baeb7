import { parseArgs } from 'node:util';
import { UsageError } from '../import/errors.ts';

/** The settings of the demo, from the command line. */
export interface DemoSettings {
  readonly seed: string;
  readonly ratePerSecond: number;
  /** Whether the demo may trade in a log that it did not begin. */
  readonly isAmongOtherData: boolean;
}

/** The options and their descriptions, for the help text. */
export const demoOptions: readonly (readonly [string, string])[] = [
  ['--seed <text>', 'The seed of the simulation; another seed gives another market (default: 1)'],
  ['--rate <orders>', 'The maximum orders per second, with replacements and cancels (default: 20)'],
  ['--among-other-data', 'Trade in a log that the demo did not begin'],
];

/** More than one Node.js process can send while it also serves. */
const rateMax = 1_000;

/** Reads the settings from the arguments; throws `UsageError`. */
export function readDemoSettings(args: readonly string[]): DemoSettings {
  const values = parse(args);
  const ratePerSecond = Number(values.rate ?? '20');
  if (!(ratePerSecond > 0 && ratePerSecond <= rateMax)) {
    throw new UsageError(
      `--rate must be greater than 0 and at most ${rateMax}, not ${values.rate}`,
    );
  }
  return {
    seed: values.seed ?? '1',
    ratePerSecond,
    isAmongOtherData: values['among-other-data'] ?? false,
  };
}

const options = {
  seed: { type: 'string' },
  rate: { type: 'string' },
  'among-other-data': { type: 'boolean' },
} as const;

function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    // The first one is the name of the command.
    if (positionals.length > 1)
      throw new UsageError(`demo takes no arguments, only options: remove ${positionals[1]}`);
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
