import { defaultTransportLimits, type TransportLimits } from './api/transport/transport-limits.ts';

/** The limits that are settings. */
export type TransportSettings = Omit<TransportLimits, 'stopTimeoutMs'>;

/** A variable with an invalid value, and the valid range. */
interface SettingFault {
  readonly name: string;
  readonly text: string;
  readonly range: string;
}

const countMax = 1_000_000;
const bytesMin = 1_024;
const bytesMax = 64 * 1024 * 1024;
const timeMinMs = 100;
const timeMaxMs = 24 * 60 * 60 * 1_000;

/**
 * Reads the limits from variables such as `DAYBOOK_SOCKETS_MAX`; those that are not set keep their
 * defaults. If a value is not a whole number or is out of range, returns the first such fault
 * instead.
 */
export function readTransportSettings(
  get: (name: string) => string | undefined,
): TransportSettings | SettingFault {
  const { stopTimeoutMs: _fixed, ...settings } = defaultTransportLimits;
  const read: Record<string, number> = { ...settings };
  for (const key of Object.keys(settings)) {
    const name = toVariable(key);
    const text = get(name);
    if (text === undefined) continue;
    const [min, max] = rangeOf(key);
    const value = Number(text);
    if (!/^\d{1,9}$/.test(text) || value < min || value > max) {
      return { name, text, range: `${min} to ${max}` };
    }
    read[key] = value;
  }
  return { ...settings, ...read };
}

/** Converts the name of a limit: socketsMax becomes DAYBOOK_SOCKETS_MAX. */
function toVariable(key: string): string {
  return `DAYBOOK_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function rangeOf(key: string): readonly [min: number, max: number] {
  if (key.endsWith('Ms')) return [timeMinMs, timeMaxMs];
  return key.endsWith('BytesMax') ? [bytesMin, bytesMax] : [1, countMax];
}
