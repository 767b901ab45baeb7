/** Writes one log line: structured fields first, then a short message for people. */
export type LogLine = (fields: object, message: string) => void;

/** The methods of a logger that modules use; pino's loggers have this type. */
export interface Logger {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}
