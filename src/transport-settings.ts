import { defaultLimits, type OperationLimits } from './api/transport/limits.ts';
import { defaultTransportLimits, type TransportLimits } from './api/transport/transport-limits.ts';
import { defaultEngineLimits, type EngineLimits } from './engine.ts';
import {
  type GetSetting,
  type Range,
  readWholeSettings,
  type SettingFault,
} from './whole-settings.ts';

/** The limits of connections that are settings. */
export type TransportSettings = Omit<TransportLimits, 'stopTimeoutMs'>;

/** The limits of documents that are settings. */
export type DocumentSettings = Omit<
  OperationLimits,
  'pageSizeDefault' | 'pageSizeMax' | 'listSizeDefault'
>;

const countMax = 1_000_000;
/** Each is a process of PostgreSQL. */
const readConnectionsMost = 1_000;
const bytesRange: Range = [1_024, 64 * 1024 * 1024];
const timeRange: Range = [100, 24 * 60 * 60 * 1_000];
/** Parsing, measuring and executing are recursive. */
const levelsMax = 500;
const levels: ReadonlySet<string> = new Set(['nestingMax', 'depthMax', 'variablesDepthMax']);

/** Reads the limits of connections, such as `DAYBOOK_SOCKETS_MAX`. */
export function readTransportSettings(get: GetSetting): TransportSettings | SettingFault {
  const { stopTimeoutMs: _fixed, ...defaults } = defaultTransportLimits;
  return readWholeSettings(get, { defaults, prefix: 'DAYBOOK_', rangeOf: rangeOfTransport });
}

function rangeOfTransport(key: string): Range {
  if (key.endsWith('Ms')) return timeRange;
  return key.endsWith('BytesMax') ? bytesRange : [1, countMax];
}

/** Reads the limits of the engine, such as `DAYBOOK_COMMANDS_WAITING_MAX`. */
export function readEngineSettings(get: GetSetting): EngineLimits | SettingFault {
  return readWholeSettings(get, {
    defaults: defaultEngineLimits,
    prefix: 'DAYBOOK_',
    rangeOf: (key) => [1, key === 'readConnectionsMax' ? readConnectionsMost : countMax],
  });
}

/** Reads the limits of documents, such as `DAYBOOK_DOCUMENT_DEPTH_MAX`. */
export function readDocumentSettings(get: GetSetting): DocumentSettings | SettingFault {
  const {
    pageSizeDefault: _size,
    pageSizeMax: _most,
    listSizeDefault: _list,
    ...defaults
  } = defaultLimits;
  return readWholeSettings(get, {
    defaults,
    prefix: 'DAYBOOK_DOCUMENT_',
    rangeOf: (key) => [1, levels.has(key) ? levelsMax : countMax],
  });
}
