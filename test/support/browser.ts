import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** A Chromium that is installed; null if there is none. */
export const chromium =
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(existsSync) ?? null;

/** Why tests in a browser are skipped; null: they are not. */
export const noBrowser = chromium === null ? 'chromium is not installed' : null;
