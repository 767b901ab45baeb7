import { cpus } from 'node:os';
import type { Bench } from './bench.ts';
import type { Timing } from './stage.ts';
import { daybookFlags } from './worker.ts';

export interface FooterOptions {
  readonly timing: Timing;
  readonly benches: readonly Bench[];
  readonly postgres: string;
}

const columns = 100;

/** Describes the machine on which the figures were taken, and how. */
export function toFooter({ timing, benches, postgres }: FooterOptions): string {
  const { warmUpMs, measuredMs, rounds } = timing;
  const processors = cpus();
  const times = `${warmUpMs / 1000} s of warm-up, ${measuredMs / 1000} s measured`;
  const better = ', in two rounds: the better one counts, the other is in brackets';
  const lines = [
    `Node.js ${process.version}; ${postgres}, one server for all benches; ` +
      `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}.`,
    `${times}${rounds === 1 ? ', once' : better}. Daybook's processes run as with npm start, ` +
      `with ${daybookFlags.join(' ')}.`,
    ...benches.map(({ name, method }) => `${name}: ${method}`),
  ];
  return lines.map((line) => wrap(line, columns)).join('\n');
}

function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = ' ';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
