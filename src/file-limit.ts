import { readFileSync } from 'node:fs';

/** Files of the process in addition to clients' connections: the database, the code, a reserve. */
export const otherFilesMax = 200;

/**
 * The number of files that this process may have open (`ulimit -n`); each connection is one. Null
 * if it is unlimited, or unknown, as on systems other than Linux. Node.js has raised the soft limit
 * to the hard limit at its start.
 */
export function readFileLimit(): number | null {
  try {
    const [, soft] =
      /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}

/** The configured number of connections, reduced if the file limit is too low for it. */
export function connectionsWithin(connectionsMax: number, fileLimit: number | null): number {
  if (fileLimit === null) return connectionsMax;
  return Math.min(connectionsMax, Math.max(1, fileLimit - otherFilesMax));
}
