import { expect, test } from 'vitest';
import { sources } from './sources.ts';
import { nameOf, nodesOf, parse, type SyntaxNode } from './syntax.ts';

const linesMax = 70;

test(`functions have at most ${linesMax} lines`, () => {
  const long = sources.flatMap(({ name, text }) =>
    functionsOf(text)
      .filter(({ lines }) => lines > linesMax)
      .map((found) => `${name} ${found.name}`),
  );
  expect(long).toEqual([]);
});

test('the lines of functions, methods and arrow functions are counted', () => {
  const text = `
    function outer() {
      const arrow = () => {
        return 1;
      };
    }
    const object = {
      method() {},
      member: function named() {
      },
    };
    class Some {
      constructor() {
      }
    }
    call(() =>
      1);
  `;
  expect(functionsOf(text)).toEqual([
    { name: 'outer', lines: 5 },
    { name: 'arrow', lines: 3 },
    { name: 'method', lines: 1 },
    { name: 'named', lines: 2 },
    { name: 'constructor', lines: 2 },
    { name: '(line 16)', lines: 2 },
  ]);
});

/** All functions with their names, or the line on which a function without a name begins. */
function functionsOf(text: string): readonly { readonly name: string; readonly lines: number }[] {
  const names = new Map<unknown, string>();
  const found: { name: string; lines: number }[] = [];
  for (const node of nodesOf(parse(text))) {
    // A variable, or a member of an object or a class: a function in it has its name.
    names.set(node['init'] ?? node['value'], nameOf(node['id'] ?? node['key']));
    if (!isFunction(node)) continue;
    const name = nameOf(node['id']) || names.get(node) || `(line ${lineAt(text, node.start)})`;
    found.push({ name, lines: lineAt(text, node.end) - lineAt(text, node.start) + 1 });
  }
  return found;
}

function isFunction({ type, body }: SyntaxNode): boolean {
  return /^(?:Function|ArrowFunction)/.test(type) && body !== null && body !== undefined;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
