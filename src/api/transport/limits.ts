import { GraphQLError, Lexer, Source, type Token, TokenKind } from 'graphql';
import { codedError } from '../errors.ts';
import { pageSizeDefault, pageSizeMax } from '../paging.ts';

/**
 * The limits of one operation. Every count applies to one document or one operation, and is the
 * same in every transport.
 */
export interface OperationLimits {
  /** Lexical tokens. Comments do not count: a line has at most one. */
  readonly tokensMax: number;
  /** Lines. To find the line of an error, all lines before it are scanned. */
  readonly linesMax: number;
  /** Brackets of any kind inside each other; the parser recurses into each. */
  readonly nestingMax: number;
  /** Arguments of one field or directive, and variables of one operation. */
  readonly argumentsMax: number;
  readonly operationsMax: number;
  readonly fragmentsMax: number;
  /** Levels of fields; the introspection of GraphiQL needs 15. */
  readonly depthMax: number;
  /** Fields after every fragment has been expanded where it is spread. */
  readonly fieldsMax: number;
  readonly rootFieldsMax: number;
  readonly aliasesMax: number;
  readonly directivesMax: number;
  /** Fields with a selection set that occur again in the same set and must be merged. */
  readonly repeatsMax: number;
  /** Fields that would be resolved if every list were as long as requested. */
  readonly costMax: number;
  /** The assumed length of a connection without `first` and `last`, and the maximum of all. */
  readonly pageSizeDefault: number;
  readonly pageSizeMax: number;
  /** The assumed length of a list that takes no size. */
  readonly listSizeDefault: number;
  /** Levels of lists and objects in the variables. */
  readonly variablesDepthMax: number;
  /** Validation errors after which validation stops, because each takes time and space. */
  readonly validationErrorsMax: number;
}

export const defaultLimits: OperationLimits = {
  tokensMax: 10_000,
  linesMax: 2_000,
  nestingMax: 60,
  argumentsMax: 200,
  operationsMax: 50,
  fragmentsMax: 100,
  depthMax: 16,
  fieldsMax: 2_000,
  rootFieldsMax: 60,
  aliasesMax: 200,
  directivesMax: 100,
  repeatsMax: 50,
  costMax: 50_000,
  pageSizeDefault,
  pageSizeMax,
  listSizeDefault: 10,
  variablesDepthMax: 20,
  validationErrorsMax: 5,
};

const opening: ReadonlySet<TokenKind> = new Set([
  TokenKind.BRACE_L,
  TokenKind.BRACKET_L,
  TokenKind.PAREN_L,
]);
const closing: ReadonlySet<TokenKind> = new Set([
  TokenKind.BRACE_R,
  TokenKind.BRACKET_R,
  TokenKind.PAREN_R,
]);

/**
 * Checks a source before it reaches the parser, which is recursive. Throws QUERY_TOO_LARGE or
 * QUERY_TOO_DEEP. The check is not recursive. Its time is linear in the size of the source, up to
 * the limits.
 *
 * The parser's own `maxTokens` does not bound nesting.
 */
export function assertSourceWithin(source: string, limits: OperationLimits): void {
  if (countLines(source, limits.linesMax) > limits.linesMax) {
    throw codedError('QUERY_TOO_LARGE', `a document may have at most ${limits.linesMax} lines`);
  }
  const lexer = new Lexer(new Source(source));
  let tokens = 0;
  const open: Brackets = [];
  for (let token = next(lexer); token !== null; token = next(lexer)) {
    tokens += 1;
    if (tokens > limits.tokensMax) {
      const message = `a document may have at most ${limits.tokensMax} tokens`;
      throw codedError('QUERY_TOO_LARGE', message);
    }
    assertBracketsWithin(open, token.kind, limits);
  }
}

/** Throws BAD_USER_INPUT if variables nest too deeply to be coerced or serialized recursively. */
export function assertVariablesWithin(variables: object, limits: OperationLimits): void {
  let level: object[] = [variables];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limits.variablesDepthMax) {
      const message = `variables may nest at most ${limits.variablesDepthMax} levels deep`;
      throw codedError('BAD_USER_INPUT', message);
    }
    const below: object[] = [];
    for (const item of level) {
      for (const value of Object.values(item)) {
        if (typeof value === 'object' && value !== null) below.push(value);
      }
    }
    level = below;
  }
}

/** The open brackets, innermost last, each with the number of colons directly inside it. */
type Brackets = { readonly kind: TokenKind; colons: number }[];

function assertBracketsWithin(open: Brackets, kind: TokenKind, limits: OperationLimits): void {
  if (opening.has(kind)) open.push({ kind, colons: 0 });
  if (closing.has(kind)) open.pop();
  if (open.length > limits.nestingMax) {
    const message = `brackets may nest at most ${limits.nestingMax} levels deep`;
    throw codedError('QUERY_TOO_DEEP', message);
  }
  const innermost = open.at(-1);
  if (kind !== TokenKind.COLON || innermost?.kind !== TokenKind.PAREN_L) return;
  innermost.colons += 1;
  if (innermost.colons > limits.argumentsMax) {
    const message = `at most ${limits.argumentsMax} arguments or variables may be in one list`;
    throw codedError('QUERY_TOO_LARGE', message);
  }
}

/** The next token; null at the end and at a lexical error, which the parser reports afterwards. */
function next(lexer: Lexer): Token | null {
  try {
    const token = lexer.advance();
    return token.kind === TokenKind.EOF ? null : token;
  } catch (error) {
    if (error instanceof GraphQLError) return null;
    throw error;
  }
}

function countLines(source: string, max: number): number {
  const lineBreak = /\r\n|\n|\r/g;
  let lines = 1;
  while (lines <= max && lineBreak.exec(source) !== null) lines += 1;
  return lines;
}
