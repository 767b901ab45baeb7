/** An export, an import or a drill cannot go on; the message says why, and what to do next. */
export class ExportError extends Error {
  override readonly name = 'ExportError';

  constructor(
    readonly code:
      | 'ARCHIVED'
      | 'BUSY'
      | 'DAMAGED'
      | 'DISK_FULL'
      | 'INTERRUPTED'
      | 'NOT_AN_EXPORT'
      | 'NOT_EMPTY'
      | 'OTHER_LOG'
      | 'UNUSABLE',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The error for an operation that failed on a file: a full disk is named as such. */
export function toFileError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (error instanceof ExportError || typeof code !== 'string') return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const cure = 'free space, then run the same command again to continue';
    return new ExportError('DISK_FULL', `the disk is full: ${path} cannot be written: ${cure}`);
  }
  if (!/^E[A-Z]+$/.test(code)) return error;
  return new ExportError('UNUSABLE', `${path} cannot be used: ${(error as Error).message}`);
}
