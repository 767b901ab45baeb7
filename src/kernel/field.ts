/** A field of an event, a rejection or a document: its kind, nullability and description. */
export interface Field<Value> {
  readonly kind: FieldKind;
  readonly nullable: boolean;
  readonly description: string;
  /** Never present. Carries the type of the value to `DataOf`. */
  readonly value?: Value;
}

/**
 * Values of the kinds `decimal` and `dateTime` are strings: exact decimal digits, and an RFC 3339
 * time in UTC with six fractional digits.
 */
export type FieldKind = 'text' | 'id' | 'decimal' | 'dateTime' | 'integer' | 'boolean';

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The data that fields describe. A nullable field is always present and may be null. */
export type DataOf<F extends Fields> = {
  readonly [Name in keyof F]: F[Name] extends Field<infer Value> ? Value : never;
};

export const text = (description: string): Field<string> => field('text', description);
export const id = (description: string): Field<string> => field('id', description);
export const decimal = (description: string): Field<string> => field('decimal', description);
export const dateTime = (description: string): Field<string> => field('dateTime', description);
export const integer = (description: string): Field<number> => field('integer', description);
export const boolean = (description: string): Field<boolean> => field('boolean', description);

export function nullable<Value>(inner: Field<Value>): Field<Value | null> {
  return { kind: inner.kind, nullable: true, description: inner.description };
}

function field<Value>(kind: FieldKind, description: string): Field<Value> {
  return { kind, nullable: false, description };
}
