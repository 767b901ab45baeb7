import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { majorOf } from './tested.ts';

/** The executable of a version of Node.js, or why there is none. */
export type Runtime = { readonly executable: string } | { readonly fault: string };

const installTimeoutMs = 300_000;

/**
 * The version of Node.js in a folder, installed there by npm if it is missing.
 *
 * Not the package `node`: that one is a script which installs the package of the platform, and npm
 * asks for permission to run it. The package of the platform has no script.
 */
export function findRuntime(version: number, folder: string): Runtime {
  const name = packageName();
  const executable = path.join(folder, 'node_modules', name, 'bin', executableName);
  if (isVersion(executable, version)) return { executable };
  // npm installs into the nearest folder above that is a project, unless this one exists.
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
  const what = `${name}@${version}`;
  const { status, error, stderr } = spawnSync(
    'npm',
    ['install', '--prefix', folder, '--no-save', '--ignore-scripts', what],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: installTimeoutMs,
      shell: process.platform === 'win32',
    },
  );
  if (isVersion(executable, version)) return { executable };
  const reason = error?.message ?? firstLine(stderr) ?? `npm ended with ${status}`;
  return { fault: `npm could not install ${what}: ${reason}` };
}

const executableName = process.platform === 'win32' ? 'node.exe' : 'node';

function packageName(): string {
  const { platform, arch } = process;
  const system = platform === 'win32' ? 'win' : platform;
  const prefix = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${system}-${arch}`;
}

function isVersion(executable: string, version: number): boolean {
  const { stdout } = spawnSync(executable, ['--version'], { encoding: 'utf8' });
  return majorOf(stdout ?? '') === version;
}

function firstLine(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.replace(/^npm (error|warn) ?/, '').trim());
  return lines.find((line) => line !== '' && !line.startsWith('code '));
}
