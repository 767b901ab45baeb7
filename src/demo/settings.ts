import { parseArgs } from 'node:util';
import { UsageError } from '../import/errors.ts';

/** What the command line says. */
export interface DemoSettings {
  readonly seed: string;
  readonly ratePerSecond: number;
  /** Whether the log may be one that was not begun by the demo. */
  readonly isAmongOtherData: boolean;
}

/** The options with their descriptions, for the help text. */
export const demoOptions: readonly (readonly [string, string])[] = [
  ['--seed <text>', 'Another market: decides who comes when and what they wish (1)'],
  ['--rate <orders>', 'Orders in a second at most, replacements and cancels among them (20)'],
  ['--among-other-data', 'Trade even in a log that was not begun by the demo'],
];

/** More than one process of Node.js sends beside serving it. */
const rateMax = 1_000;

/** The settings from the arguments; throws `UsageError`. */
export function readDemoSettings(args: readonly string[]): DemoSettings {
  const values = parse(args);
  const ratePerSecond = Number(values.rate ?? '20');
  if (!(ratePerSecond > 0 && ratePerSecond <= rateMax)) {
    throw new UsageError(`--rate is a number over 0 and up to ${rateMax}, not ${values.rate}`);
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
    // The first one is the command's own name.
    if (positionals.length > 1) throw new UsageError(`demo takes no ${positionals[1]}`);
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
