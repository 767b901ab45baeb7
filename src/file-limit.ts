import { readFileSync } from 'node:fs';

/** Files of the process beside the connections of clients: the database, its own, a reserve. */
export const otherFilesMax = 200;

/**
 * How many files this process may have open at once (`ulimit -n`): each connection is one. Null:
 * unlimited, or it cannot be told, as outside of Linux. Node.js has raised the soft limit to the
 * hard one when it started.
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

/** As many connections as are set, and no more than there are files for. */
export function connectionsWithin(connectionsMax: number, fileLimit: number | null): number {
  if (fileLimit === null) return connectionsMax;
  return Math.min(connectionsMax, Math.max(1, fileLimit - otherFilesMax));
}
