import type { z } from 'zod';

/** The names of the types of values in faults. */
const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** The text of a fault for which the schema has none; undefined: the text of zod. */
export function toPlainText(issue: z.core.$ZodRawIssue): string | undefined {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type': {
      if (input === undefined) return 'is missing';
      return `must be ${nameOf(issue.expected)}, not ${kindOf(input, issue.expected)}`;
    }
    case 'unrecognized_keys': {
      const [first, ...others] = issue.keys;
      const unknown = others.length === 0 ? `member ${first}` : `members ${issue.keys.join(', ')}`;
      return `unknown ${unknown}; the members are ${membersOf(issue.inst).join(', ')}`;
    }
    case 'invalid_union': {
      const { options } = issue;
      if (Array.isArray(options)) return choiceOf(options);
      return 'must be true, false or an object';
    }
    case 'invalid_value':
      return input === undefined ? 'is missing' : choiceOf(issue.values);
    case 'too_small':
      return issue.inclusive === false
        ? `must be more than ${issue.minimum}`
        : toBound(issue.origin, issue.minimum, 'at least');
    case 'too_big':
      return toBound(issue.origin, issue.maximum, 'at most');
    case 'invalid_format':
      return issue.format === 'url'
        ? 'must be an address such as "https://example.com"'
        : undefined;
    default:
      return undefined;
  }
}

/** The lines of a fault, each with its path. */
export function toFaults(issue: z.core.$ZodIssue): readonly string[] {
  const path = toPath(issue.path);
  if (issue.code === 'invalid_union') {
    // The branch for a value of this type knows best what is wrong inside of the value.
    const inner = issue.errors.find(([first]) => first !== undefined && !isMisfit(first));
    if (inner !== undefined) {
      return inner.flatMap((fault) => {
        return toFaults(Object.assign({}, fault, { path: [...issue.path, ...fault.path] }));
      });
    }
  }
  return [`${path}: ${issue.message.replaceAll(/\s+/g, ' ')}`];
}

function isMisfit({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

function toPath(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return steps.join('').replace(/^\./, '') || 'the file';
}

function nameOf(type: string): string {
  return typeNames[type] ?? type;
}

function kindOf(value: unknown, expected: string): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' && expected === 'int') return String(value);
  return typeof value === 'boolean' ? String(value) : nameOf(typeof value);
}

function choiceOf(values: readonly unknown[]): string {
  return `must be ${values.length > 1 ? 'one of ' : ''}${values.map(String).join(', ')}`;
}

function toBound(origin: string, bound: number | bigint, limit: string): string {
  if (bound === 1 && limit === 'at least' && origin !== 'number' && origin !== 'int') {
    return 'must not be empty';
  }
  if (origin === 'string') return `must have ${limit} ${bound} characters`;
  if (origin === 'array') return `must have ${limit} ${bound} entries`;
  return `must be ${limit} ${bound}`;
}

function membersOf(schema: unknown): readonly string[] {
  const { def } = (schema as { readonly _zod?: { readonly def?: unknown } })._zod ?? {};
  const { shape = {} } = (def ?? {}) as { readonly shape?: object };
  return Object.keys(shape);
}
