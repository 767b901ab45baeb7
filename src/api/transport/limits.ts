import { GraphQLError, Lexer, Source, type Token, TokenKind } from 'graphql';
import { codedError } from '../errors.ts';
import { pageSizeDefault, pageSizeMax } from '../paging.ts';

/**
 * What one operation may ask for. Every count is of one document or one operation, the same in
 * every transport.
 */
export interface OperationLimits {
  /** Lexical tokens, without comments, of which a line has at most one. */
  readonly tokensMax: number;
  /** Finding the line of an error costs a walk through all lines before it. */
  readonly linesMax: number;
  /** Open brackets of any kind at once; the parser recurses into each. */
  readonly nestingMax: number;
  /** Arguments of one field or directive, and variables of one operation. */
  readonly argumentsMax: number;
  readonly operationsMax: number;
  readonly fragmentsMax: number;
  /** Fields below each other; the introspection of GraphiQL needs 15. */
  readonly depthMax: number;
  /** Fields after expanding every fragment where it is spread. */
  readonly fieldsMax: number;
  readonly rootFieldsMax: number;
  readonly aliasesMax: number;
  readonly directivesMax: number;
  /** Fields with fields below them that are written again beside themselves, to be merged. */
  readonly repeatsMax: number;
  /** Fields that would be resolved if every list were as long as asked for. */
  readonly costMax: number;
  /** What a connection costs without `first` and `last`, and at most. */
  readonly pageSizeDefault: number;
  readonly pageSizeMax: number;
  /** What a list without a size costs. */
  readonly listSizeDefault: number;
  /** Lists and objects inside each other in the variables. */
  readonly variablesDepthMax: number;
  /** Validation stops here; each error costs its location, and an answer its length. */
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
 * Refuses a source before the parser, which recurses, sees it; throws QUERY_TOO_LARGE or
 * QUERY_TOO_DEEP. Not recursive, and linear in what the limits let through.
 *
 * The parser's own `maxTokens` does not bound nesting.
 */
export function assertSourceWithin(source: string, limits: OperationLimits): void {
  if (countLines(source, limits.linesMax) > limits.linesMax) {
    throw codedError('QUERY_TOO_LARGE', `A document has at most ${limits.linesMax} lines`);
  }
  const lexer = new Lexer(new Source(source));
  let tokens = 0;
  const open: Brackets = [];
  for (let token = next(lexer); token !== null; token = next(lexer)) {
    tokens += 1;
    if (tokens > limits.tokensMax) {
      throw codedError('QUERY_TOO_LARGE', `A document has at most ${limits.tokensMax} tokens`);
    }
    assertBracketsWithin(open, token.kind, limits);
  }
}

/** Refuses variables nested too deeply to be coerced or written by recursion: BAD_USER_INPUT. */
export function assertVariablesWithin(variables: object, limits: OperationLimits): void {
  let level: object[] = [variables];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limits.variablesDepthMax) {
      const message = `Variables nest at most ${limits.variablesDepthMax} deep`;
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

/** The open brackets, innermost last, with what was counted inside each. */
type Brackets = { readonly kind: TokenKind; colons: number }[];

function assertBracketsWithin(open: Brackets, kind: TokenKind, limits: OperationLimits): void {
  if (opening.has(kind)) open.push({ kind, colons: 0 });
  if (closing.has(kind)) open.pop();
  if (open.length > limits.nestingMax) {
    throw codedError('QUERY_TOO_DEEP', `Brackets nest at most ${limits.nestingMax} deep`);
  }
  const innermost = open.at(-1);
  if (kind !== TokenKind.COLON || innermost?.kind !== TokenKind.PAREN_L) return;
  innermost.colons += 1;
  if (innermost.colons > limits.argumentsMax) {
    const message = `There are at most ${limits.argumentsMax} arguments or variables in one place`;
    throw codedError('QUERY_TOO_LARGE', message);
  }
}

/** The next token; null at the end, and at what is no token: the parser, which comes next, says it. */
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
