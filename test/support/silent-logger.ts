import type { Logger, LogLine } from '../../src/lib/logger.ts';

const nothing: LogLine = () => {};

/** A logger that discards everything. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};
