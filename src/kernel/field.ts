import type { PersonalText, SubjectOf } from './personal.ts';

/** A field of an event, a rejection or a document: its kind, nullability and description. */
export interface Field<Value> {
  readonly kind: FieldKind;
  readonly nullable: boolean;
  readonly description: string;
  /** The values of a field of the kind `enum`; absent for other kinds. */
  readonly values?: EnumDefinition;
  /** The name in the API, if it is not the name in the data. */
  readonly apiName?: string;
  /** Whose a personal field is; absent if the field is not personal. */
  readonly subjectOf?: SubjectOf;
  /** Never present. Carries the type of the value to `DataOf`. */
  readonly value?: Value;
}

/**
 * Values of the kinds `decimal` and `dateTime` are strings: exact decimal digits, and an RFC 3339
 * time in UTC with six fractional digits.
 */
export type FieldKind = 'text' | 'id' | 'decimal' | 'dateTime' | 'integer' | 'boolean' | 'enum';

/** A closed set of texts, which is an enum in the API. */
export interface EnumDefinition<Value extends string = string> {
  /** The name of its GraphQL type. */
  readonly name: string;
  readonly description: string;
  /**
   * The description of each value. A value that may be stored must not be removed. A new value
   * needs a new schema version of the events that have it, so that older programs do not misread
   * them.
   */
  readonly values: Readonly<Record<Value, string>>;
}

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

export function enumOf<Value extends string>(
  values: EnumDefinition<Value>,
  description: string,
): Field<Value> {
  return { ...field<Value>('enum', description), values };
}

export function nullable<Value>(inner: Field<Value>): Field<Value | null> {
  const { kind, description, values } = inner;
  return { kind, nullable: true, description, ...(values && { values }) };
}

/**
 * A field with another name in the API, where the fields of all events, or of all rejections, that
 * have one name must have one type.
 */
export function named<Value>(apiName: string, inner: Field<Value>): Field<Value> {
  return { ...inner, apiName };
}

/**
 * A text that is personal to somebody. The engine seals it when it is recorded, and everyone reads
 * null once the person is forgotten. Handlers never see the text of recorded events. A field that
 * becomes personal needs a new schema version, and `personalSince` in the definition of its event.
 */
export function personal(inner: Field<string | null>, subjectOf: SubjectOf): Field<PersonalText> {
  const { kind, description } = inner;
  return { kind, nullable: true, description, subjectOf };
}

function field<Value>(kind: FieldKind, description: string): Field<Value> {
  return { kind, nullable: false, description };
}
