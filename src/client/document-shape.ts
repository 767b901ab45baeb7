/** What the client needs to know of a document. */
export interface DocumentShape {
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly name: string | null;
  /** The fields of the operation itself. */
  readonly fields: readonly RootField[];
  /** Whether fragments add fields to the operation itself. */
  readonly hasFragments: boolean;
}

interface RootField {
  readonly name: string;
  /** The arguments that are variables, by name. */
  readonly variables: ReadonlyMap<string, string>;
  /** The `idempotencyKey` in an inline `input`: a variable, "" for a literal, null if absent. */
  readonly inlineKey: string | null;
}

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

const blockText = /"""(?:\\"""|[\s\S])*?"""/;
const text = /"(?:\\.|[^"\\\n])*"/;
const others = /#[^\n\r]*|\$?[A-Za-z_]\w*|\.\.\.|-?\d[\w.+-]*|[^\s,]/;
const tokens = new RegExp([blockText, text, others].map(({ source }) => source).join('|'), 'g');

const kinds: ReadonlySet<string> = new Set(['query', 'mutation', 'subscription']);

/**
 * Reads the kind of the first operation of a document, and its fields. It is not a parser, which
 * would be most of the client's size: the server reports what is wrong with a document.
 */
export function readDocument(text: string): DocumentShape | null {
  const words = (text.match(tokens) ?? []).filter((word) => !word.startsWith('#'));
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '{') return readOperation(words, 'query', at);
    if (kinds.has(word)) return readOperation(words, word as DocumentShape['kind'], at + 1);
    if (word === 'fragment') at = skipBlock(words, words.indexOf('{', at)) - 1;
  }
  return null;
}

function readOperation(
  words: readonly string[],
  kind: DocumentShape['kind'],
  start: number,
): DocumentShape {
  let at = start;
  const name = isName(words[at]) ? (words[at] ?? null) : null;
  // The variables and directives.
  while (at < words.length && words[at] !== '{') at = skipPart(words, at);
  const fields: RootField[] = [];
  let hasFragments = false;
  at += 1;
  while (at < words.length && words[at] !== '}') {
    if (words[at] === '...') {
      hasFragments = true;
      at += words[at + 1] === 'on' ? 3 : 1 + Number(isName(words[at + 1]));
      continue;
    }
    if (words[at] === '@' || words[at] === '{') {
      at = words[at] === '@' ? at + 2 : skipBlock(words, at);
      continue;
    }
    if (words[at] === '(') {
      at = readArguments(words, at, fields.at(-1));
      continue;
    }
    if (words[at + 1] === ':') at += 2;
    fields.push({ name: words[at] ?? '', variables: new Map(), inlineKey: null });
    at += 1;
  }
  return { kind, name, fields, hasFragments };
}

/** Reads the arguments that begin at a parenthesis into a field; returns where they end. */
function readArguments(words: readonly string[], at: number, field: RootField | undefined): number {
  const end = skipBlock(words, at);
  const isOfDirective = words[at - 2] === '@';
  if (field === undefined || isOfDirective) return end;
  const variables = new Map<string, string>();
  let inlineKey: string | null = null;
  let index = at + 1;
  while (index < end - 1) {
    const [name = '', , value = ''] = words.slice(index, index + 3);
    if (value.startsWith('$')) variables.set(name, value.slice(1));
    if (value === '{' && name === 'input') inlineKey = keyWithin(words, index + 2);
    index = skipPart(words, index + 2);
  }
  Object.assign(field as Mutable<RootField>, { variables, inlineKey });
  return end;
}

/** The value of `idempotencyKey` in an object: a variable, "" for a literal, null if absent. */
function keyWithin(words: readonly string[], at: number): string | null {
  const end = skipBlock(words, at);
  for (let index = at + 1; index < end - 1; index = skipPart(words, index + 2)) {
    if (words[index] !== 'idempotencyKey') continue;
    const value = words[index + 2] ?? '';
    return value.startsWith('$') ? value.slice(1) : '';
  }
  return null;
}

function isName(word: string | undefined): boolean {
  return word !== undefined && /^[A-Za-z_]/.test(word);
}

/** The index after one word, or after the block that begins there. */
function skipPart(words: readonly string[], at: number): number {
  return /^[{([]$/.test(words[at] ?? '') ? skipBlock(words, at) : at + 1;
}

/** The index after the block whose opening bracket is at an index. */
function skipBlock(words: readonly string[], start: number): number {
  if (start < 0) return words.length;
  let depth = 0;
  for (let at = start; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (/^[{([]$/.test(word)) depth += 1;
    if (/^[})\]]$/.test(word)) depth -= 1;
    if (depth === 0) return at + 1;
  }
  return words.length;
}
