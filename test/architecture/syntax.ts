import { parseAst } from 'vitest/node';

/** A node of the syntax tree of ESTree, or of its extension for TypeScript. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

/** Parses a TypeScript file and returns its statements. */
export function parse(text: string): readonly SyntaxNode[] {
  return parseAst(text, { lang: 'ts' }).body as unknown as readonly SyntaxNode[];
}

/** The nodes themselves and all nodes below them, each after its parent. */
export function nodesOf(value: unknown): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  const visit = (child: unknown): void => {
    if (typeof child !== 'object' || child === null) return;
    if (isNode(child)) found.push(child);
    for (const member in child) visit((child as Record<string, unknown>)[member]);
  };
  visit(value);
  return found;
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** The name of an identifier, or the text of a string that is used as a name. */
export function nameOf(node: unknown): string {
  if (!isNode(node)) return '';
  return String(node['name'] ?? node['value'] ?? '');
}
