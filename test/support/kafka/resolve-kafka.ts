import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** The versions of Apache Kafka that the tests run. */
export const kafkaVersions = { current: '4.3.1', previous: '3.9.2' } as const;

const cache = path.resolve(import.meta.dirname, '../../../node_modules/.cache/daybook');
const pom = path.join(import.meta.dirname, 'pom.xml');

/** Why tests that need a Kafka broker cannot run here; null if they can. */
export const noKafka: string | null = findReason();

/** What the titles of such tests end with. */
export const kafkaSkip = noKafka === null ? '' : `: skipped, ${noKafka}`;

function findReason(): string | null {
  if (spawnSync('java', ['-version']).status !== 0) return 'Java is not installed (17 or later)';
  const isCached = Object.values(kafkaVersions).every((version) => existsSync(folderOf(version)));
  if (isCached || spawnSync('mvn', ['--version']).status === 0) return null;
  return 'Maven is not installed, which brings Apache Kafka';
}

function folderOf(version: string): string {
  return path.join(cache, `kafka-${version}`);
}

/** The folder with the jars of a version; Maven brings them once, also if many ask for them. */
export async function resolveKafka(version: string): Promise<string> {
  const folder = folderOf(version);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const partial = await mkdtemp(`${folder}-`);
  try {
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
    const settings = [`-Dkafka.version=${version}`, `-DoutputDirectory=${partial}`];
    await promisify(execFile)('mvn', ['-B', '-q', '-f', pom, goal, ...settings]);
    await rename(partial, folder).catch((error: NodeJS.ErrnoException) => {
      // Another process was faster.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}
