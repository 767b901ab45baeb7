/** Why the embedded server cannot run; the message explains it in one line and says what to do. */
type EmbeddedPostgresErrorCode =
  | 'EMBEDDED_UNSUPPORTED_PLATFORM'
  | 'EMBEDDED_DATA_DIR_UNUSABLE'
  | 'EMBEDDED_DIRECTORY_UNREACHABLE'
  | 'EMBEDDED_VERSION_MISMATCH'
  | 'EMBEDDED_INITDB_FAILED'
  | 'EMBEDDED_START_FAILED'
  | 'EMBEDDED_STOP_FAILED';

/** The embedded server cannot run here, or not with this data directory. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
  readonly code: EmbeddedPostgresErrorCode;

  constructor(code: EmbeddedPostgresErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
