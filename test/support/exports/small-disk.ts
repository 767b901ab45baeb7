import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A file system in memory that can be filled. */
export interface SmallDisk {
  readonly directory: string;
  /** Leaves only some bytes free. */
  fill(freeBytes: number): void;
  /** Frees what `fill` took. */
  clear(): void;
  dispose(): void;
}

/** Mounts a small file system of a user; only root may. */
export function mountSmallDisk(megabytes: number, uid = 0): SmallDisk {
  const mount = mkdtempSync(path.join(tmpdir(), 'daybook-disk-'));
  const options = `size=${megabytes}m,uid=${uid},mode=0755`;
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', mount], { stdio: 'pipe' });
  const directory = path.join(mount, 'data');
  const filler = path.join(mount, 'filler');
  mkdirSync(directory, { mode: 0o700 });
  execFileSync('chown', [String(uid), directory]);
  return {
    directory,
    fill(freeBytes) {
      const { bavail, bsize } = statfsSync(mount);
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)));
    },
    clear: () => rmSync(filler, { force: true }),
    dispose() {
      execFileSync('umount', ['--lazy', mount]);
      rmSync(mount, { recursive: true, force: true });
    },
  };
}

/** Why no file system can be mounted here; null: it can. */
export function smallDiskFault(): string | null {
  try {
    mountSmallDisk(1).dispose();
    return null;
  } catch {
    return 'only root may mount a small file system';
  }
}
