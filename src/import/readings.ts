import { FileError } from './errors.ts';
import { toVisible } from './visible.ts';

/** A choice between two readings that needs a whole file, as single values may fit both. */
export interface Question<Reading extends string> {
  /** The command-line option that decides it. */
  readonly option: string;
  /** Both readings, and what is typical of the values of each. */
  readonly readings: readonly [Reading, Reading];
  readonly traits: Readonly<Record<Reading, string>>;
  /** The value of a text in a reading, for messages; null if the text does not fit the reading. */
  readonly read: (text: string, reading: Reading) => string | null;
}

/** What the values of one file say about a question; keeps one value of each kind. */
interface Evidence<Reading extends string> {
  add(line: number, text: string): void;
  /** The reading; null if all values are the same in both. Throws `FileError` if undecided. */
  decide(): Reading | null;
}

interface Seen {
  readonly line: number;
  readonly text: string;
}

/** Creates evidence without any values. */
export function createEvidence<Reading extends string>(
  question: Question<Reading>,
): Evidence<Reading> {
  const { read, readings } = question;
  const [one, other] = readings;
  const proofs = new Map<Reading, Seen>();
  let open: Seen | null = null;

  function prove(reading: Reading, seen: Seen): void {
    if (!proofs.has(reading)) proofs.set(reading, seen);
  }

  return {
    add(line, text) {
      const values = [read(text, one), read(text, other)];
      if (values[0] === values[1]) return;
      const seen = { line, text };
      if (values[1] === null) prove(one, seen);
      else if (values[0] === null) prove(other, seen);
      else open ??= seen;
    },
    decide() {
      const [first, second] = [proofs.get(one), proofs.get(other)];
      if (first !== undefined && second !== undefined) throw mixed(question, first, second);
      if (first !== undefined) return one;
      if (second !== undefined) return other;
      if (open !== null) throw undecided(question, open);
      return null;
    },
  };
}

function mixed<Reading extends string>(
  question: Question<Reading>,
  first: Seen,
  second: Seen,
): FileError {
  const { traits, readings } = question;
  const said = [show(first, traits[readings[0]]), show(second, traits[readings[1]])];
  const lines = first.line <= second.line ? said : said.reverse();
  return new FileError(`mixes two notations, ${lines.join(' and ')}; ${toCure(question)}`);
}

function show({ line, text }: Seen, trait: string): string {
  return `line ${line}: ${toVisible(text)} has ${trait}`;
}

function undecided<Reading extends string>(
  question: Question<Reading>,
  { line, text }: Seen,
): FileError {
  const { read, readings, traits } = question;
  const values = readings.map((reading) => `${read(text, reading)} with ${traits[reading]}`);
  const said = `line ${line}: ${toVisible(text)} is ${values.join(' or ')}`;
  return new FileError(`can be read in two ways, ${said}; ${toCure(question)}`);
}

function toCure<Reading extends string>({ option, readings: [one, other] }: Question<Reading>) {
  return `choose with ${option} ${one} or ${option} ${other}`;
}
