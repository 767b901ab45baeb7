/** A variable with an invalid value, and the valid range. */
export interface SettingFault {
  readonly name: string;
  readonly text: string;
  readonly range: string;
}

export type GetSetting = (name: string) => string | undefined;

/** The smallest and the largest valid value. */
export type Range = readonly [min: number, max: number];

interface WholeSettings<Settings> {
  readonly defaults: Settings;
  /** The beginning of the names of all variables. */
  readonly prefix: string;
  readonly rangeOf: (key: string) => Range;
}

/**
 * Reads whole numbers from variables such as `DAYBOOK_SOCKETS_MAX`; those that are not set keep
 * their defaults. If a value is not a whole number or is out of range, returns the first such fault
 * instead.
 */
export function readWholeSettings<Settings extends object>(
  get: GetSetting,
  { defaults, prefix, rangeOf }: WholeSettings<Settings>,
): Settings | SettingFault {
  const read: Record<string, number> = {};
  for (const key of Object.keys(defaults)) {
    const name = toVariable(prefix, key);
    const text = get(name);
    if (text === undefined) continue;
    const value = toWhole(text, rangeOf(key));
    if (value === null) {
      const [min, max] = rangeOf(key);
      return { name, text, range: `${min} to ${max}` };
    }
    read[key] = value;
  }
  return { ...defaults, ...read };
}

/** The whole number that a text is; null if it is not one, or is out of range. */
export function toWhole(text: string, [min, max]: Range): number | null {
  const value = Number(text);
  return /^\d{1,10}$/.test(text) && value >= min && value <= max ? value : null;
}

/** Converts the name of a setting: socketsMax becomes DAYBOOK_SOCKETS_MAX. */
export function toVariable(prefix: string, key: string): string {
  return `${prefix}${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
