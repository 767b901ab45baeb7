import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A build of a release of the program. */
export interface PreviousRelease {
  readonly directory: string;
  /** Removes the build. */
  dispose(): void;
}

const root = path.resolve(import.meta.dirname, '../..');

/** The commit of the previous release. */
export function previousCommit(): string {
  return readFileSync(path.join(root, 'test/fixtures/previous-release.txt'), 'utf8').trim();
}

/** Why a release cannot be built here; null: it can. */
export function previousReleaseFault(commit = previousCommit()): string | null {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], {
      cwd: root,
      stdio: 'ignore',
    });
    return null;
  } catch {
    return `the history of git is not here: no ${commit.slice(0, 7)}`;
  }
}

/** Builds a release from the Git history, with the packages of this one. */
export function buildPreviousRelease(commit = previousCommit()): PreviousRelease {
  const directory = mkdtempSync(path.join(tmpdir(), 'daybook-previous-'));
  const archive = execFileSync('git', ['archive', commit], {
    cwd: root,
    maxBuffer: 256 * 1024 * 1024,
  });
  execFileSync('tar', ['-x', '-C', directory], { input: archive });
  symlinkSync(path.join(root, 'node_modules'), path.join(directory, 'node_modules'));
  // Types are not checked: they were at the release, and packages may have changed theirs.
  const compiler = path.join(root, 'node_modules/.bin/tsc');
  execFileSync(compiler, ['-p', 'tsconfig.build.json', '--noCheck'], { cwd: directory });
  return { directory, dispose: () => rmSync(directory, { recursive: true, force: true }) };
}
