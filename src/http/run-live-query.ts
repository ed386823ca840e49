import type { RunConfig } from '../agent/run-config.ts';
import { adkDialect } from '../wire/dialects/adk.ts';
import { omitUndefined } from '../wire/omit-undefined.ts';
import { WireError } from '../wire/wire-error.ts';
import type { ReaderQuery } from './reader-query.ts';

/** Spellings of a flag that ADK's server accepts, in lower case. */
const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'yes', 'on', 't', 'y'].map((text) => [text, true] as const),
  ...['false', '0', 'no', 'off', 'f', 'n'].map((text) => [text, false] as const),
]);

/**
 * Reads the query of `WS /run_live`, in the words of ADK's server. User and session are read with the route.
 * @param names names by which a page may call the agent of this server
 * @throws {WireError} invalid_query: a value is not valid, or asks for something that a page cannot decide here
 */
export function readRunLiveQuery(url: string | undefined, names: readonly string[]): ReaderQuery {
  const query = new URLSearchParams(url?.split('?')[1]);
  const appName = query.get('app_name');
  if (appName && !names.includes(appName)) {
    throw new WireError('invalid_query', `app_name must be ${names[0]}: this server has no other agent`);
  }
  if (readFlag(query, 'enable_session_resumption') === false) {
    throw new WireError('invalid_query', 'enable_session_resumption must be true or absent: resumption is always on');
  }
  if (readFlag(query, 'save_live_blob')) {
    throw new WireError(
      'invalid_query',
      'save_live_blob must be false or absent: a page does not decide what the server stores',
      'set saveLiveBlob in the runConfig of the agent',
    );
  }
  return {
    query,
    reconnect: false,
    cursor: undefined,
    client: undefined,
    runConfig: readRunConfig(query),
    framing: 'stream',
    dialect: adkDialect,
  };
}

function readRunConfig(query: URLSearchParams): RunConfig {
  const proactiveAudio = readFlag(query, 'proactive_audio');
  return omitUndefined({
    responseModalities: [readModality(query)] as const,
    proactivity: proactiveAudio === undefined ? undefined : { proactiveAudio },
    enableAffectiveDialog: readFlag(query, 'enable_affective_dialog'),
    explicitVadSignal: readFlag(query, 'explicit_vad_signal'),
  });
}

/** Reads `modalities`, which ADK's server accepts several times, although models accept one. */
function readModality(query: URLSearchParams): 'AUDIO' | 'TEXT' {
  const [modality = 'AUDIO', ...others] = new Set(query.getAll('modalities'));
  if ((modality === 'AUDIO' || modality === 'TEXT') && others.length === 0) return modality;
  throw new WireError('invalid_query', 'modalities must be AUDIO or TEXT, and not both');
}

function readFlag(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  const flag = FLAGS.get(value.toLowerCase());
  if (flag === undefined) throw new WireError('invalid_query', `${name} must be true or false`);
  return flag;
}
