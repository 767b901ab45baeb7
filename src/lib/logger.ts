/** Writes one line of the log: fields for machines first, a short sentence for people second. */
export type LogLine = (fields: object, message: string) => void;

/** What a module needs of a logger; pino's loggers fit as they are. */
export interface Logger {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

const nothing: LogLine = () => {};

/** A logger that keeps nothing. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};
