import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Answer, TestServer } from './server.ts';

/** An operation of a case and the number of times it is sent. */
interface Part {
  readonly query: string;
  readonly times: number;
}

/**
 * Sends the operations of a case in `test/fixtures/cases` one after the other, as a plain client
 * does. Returns the answer to each operation, the last one if it is sent several times. Operations
 * are separated by lines of `---`; one that begins with `# x100` is sent 100 times.
 */
export async function runCase(server: TestServer, name: string): Promise<readonly CaseAnswer[]> {
  const file = path.join(import.meta.dirname, `../fixtures/cases/${name}.graphql`);
  const answers: CaseAnswer[] = [];
  for (const { query, times } of parseCase(readFileSync(file, 'utf8'))) {
    let answer: CaseAnswer | undefined;
    for (let time = 0; time < times; time += 1) answer = await server.send(query);
    if (answer !== undefined) answers.push(answer);
  }
  return answers;
}

type CaseAnswer = Answer<Readonly<Record<string, unknown>>>;

function parseCase(text: string): readonly Part[] {
  return text.split(/^---$/m).map((part) => {
    const [, times = '1'] = /^\s*# x(\d+)/.exec(part) ?? [];
    return { query: part.replace(/^\s*# x\d+/, ''), times: Number(times) };
  });
}
